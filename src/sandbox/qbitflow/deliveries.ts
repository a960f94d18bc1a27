import type { Transaction } from '../store.ts'
import type { TaskHandler } from '../tasks.ts'
import type { Context } from './context.ts'
import { organizations, type Session, type StatusChange, THE_ORGANIZATION } from './documents.ts'
import { transactionId } from './ids.ts'
import { webhookSecretOf } from './keys.ts'
import { isFinal, linkOf, ownerView, statusView, TX_TYPE } from './session.ts'
import { sign } from './signature.ts'

/** Sends a webhook; the world outside comes in here. */
export type Send = (url: string, init: RequestInit) => Promise<Response>

interface Delivery {
  readonly url: string
  readonly id: string
  /** The text as it will be sent, frozen when the status moved. */
  readonly payload: string
}

export async function scheduleDelivery(
  { tasks, publicUrl }: Context,
  world: Transaction,
  session: Session,
  change: StatusChange,
): Promise<void> {
  if (!session.webhookUrl) return
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (!organization || (organization.webhookStatuses === 'final' && !isFinal(change.status))) return
  const id = transactionId(session)
  const payload = JSON.stringify({
    uuid: id,
    status: statusView(session, change),
    session: ownerView(session, organization),
    txType: TX_TYPE[session.kind],
    managementPageLink: linkOf(publicUrl, session),
  })
  const body: Delivery = { url: session.webhookUrl, id, payload }
  await tasks.schedule(world, { kind: 'webhook', subject: session.uuid, body, dueAt: new Date(change.at) })
}

/** Only 200 counts as received. */
export function deliveryTask(context: Context, send: Send): TaskHandler {
  const { settings, log } = context
  return {
    detached: true,
    async run(task) {
      const delivery = task.body as Delivery
      const failure = await attempt(context, send, task.realm, delivery)
      if (failure === undefined) return undefined
      const facts = { url: delivery.url, id: delivery.id, attempt: task.attempts + 1, failure }
      if (task.attempts >= settings.webhookRetries) {
        log.warn(facts, 'the simulator gave a webhook up')
        return undefined
      }
      log.info(facts, 'the simulator will send a webhook again')
      return new Date((await context.clockOf(task.realm)).getTime() + settings.webhookRetryMs * 2 ** task.attempts)
    },
  }
}

/** Why it was not received, or undefined when it was. */
async function attempt(context: Context, send: Send, realm: string, delivery: Delivery): Promise<string | undefined> {
  const timestamp = Math.floor((await context.clockOf(realm)).getTime() / 1_000).toString()
  const signature = sign(webhookSecretOf(context.secret, realm), timestamp, JSON.parse(delivery.payload))
  try {
    const response = await send(delivery.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Webhook-Signature-256': `sha256=${signature}`,
        'X-Webhook-Timestamp': timestamp,
        'X-Webhook-ID': delivery.id,
      },
      body: delivery.payload,
      redirect: 'manual',
      signal: AbortSignal.timeout(context.settings.webhookTimeoutMs),
    })
    await response.body?.cancel()
    return response.status === 200 ? undefined : `answered ${response.status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

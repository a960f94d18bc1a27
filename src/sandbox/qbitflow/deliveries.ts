import type { Send } from '../simulator.ts'
import type { Transaction } from '../store.ts'
import type { TaskHandler } from '../tasks.ts'
import type { Context } from './context.ts'
import { organizations, type Session, type StatusChange, THE_ORGANIZATION } from './documents.ts'
import { transactionId } from './ids.ts'
import { webhookSecretOf } from './keys.ts'
import { isFinal, managementLinkOf, ownerView, statusView, TX_TYPE } from './session.ts'
import { sign } from './signature.ts'
import { faultOf, hold, release } from './webhook-faults.ts'

export interface Delivery {
  readonly url: string
  readonly id: string
  /** The text as it will be sent, frozen when the status moved. */
  readonly payload: string
  /** Whether it was held back, to be sent after a later one. */
  readonly isHeld?: boolean
}

export async function scheduleDelivery(
  context: Context,
  world: Transaction,
  session: Session,
  change: StatusChange,
): Promise<void> {
  if (!session.webhookUrl) return
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (!organization || (organization.webhookStatuses === 'final' && !isFinal(change.status))) return
  const id = transactionId(session)
  const txType = TX_TYPE[session.kind]
  const payload = {
    uuid: id,
    status: statusView(change, txType),
    session: ownerView(session, organization),
    txType,
    managementPageLink: managementLinkOf(context.publicUrl, session),
  }
  await enqueue(context, world, { url: session.webhookUrl, id, payload }, session.uuid, new Date(change.at))
}

/** Puts a webhook down, to be sent once the changes that it tells of are there. */
export async function enqueue(
  { tasks }: Context,
  world: Transaction,
  { url, id, payload }: { url: string; id: string; payload: object },
  subject: string,
  dueAt: Date,
): Promise<void> {
  const body: Delivery = { url, id, payload: JSON.stringify(payload) }
  await tasks.schedule(world, { kind: 'webhook', subject, body, dueAt })
}

/** Only 200 counts as received. */
export function deliveryTask(context: Context, send: Send): TaskHandler {
  const { settings, log } = context
  return {
    detached: true,
    async run(task) {
      const delivery = task.body as Delivery
      const fault = await faultOf(context, task)
      if (fault === 'REORDER_WEBHOOKS') return hold(context, task)
      const failure = await attempt(context, send, task.realm, delivery, fault === 'WRONG_SIGNATURE')
      if (fault === 'DUPLICATE_WEBHOOK') await attempt(context, send, task.realm, delivery)
      if (failure === undefined) return release(context, task)
      const facts = { url: delivery.url, id: delivery.id, attempt: task.attempts + 1, failure }
      if (task.attempts >= settings.webhookRetries) {
        log.warn(facts, 'the simulator stopped trying to deliver a webhook')
        return undefined
      }
      log.info(facts, 'the simulator will send a webhook again')
      return new Date((await context.clockOf(task.realm)).getTime() + settings.webhookRetryMs * 2 ** task.attempts)
    },
  }
}

/** Why it was not received, or undefined when it was. */
async function attempt(
  context: Context,
  send: Send,
  realm: string,
  delivery: Delivery,
  isForged = false,
): Promise<string | undefined> {
  // Receivers compare it with their own clock, so it is the time of the world and not of the realm.
  const timestamp = Math.floor(context.clock.now().getTime() / 1_000).toString()
  const secret = isForged ? 'whsec_of_somebody_else' : webhookSecretOf(context.secret, realm)
  const signature = sign(secret, timestamp, JSON.parse(delivery.payload))
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

import { type DeliveryRules, scheduleDelivery } from '../deliveries.ts'
import type { Transaction } from '../store.ts'
import type { Context } from './context.ts'
import { organizations, type Session, type StatusChange, THE_ORGANIZATION } from './documents.ts'
import { transactionId } from './ids.ts'
import { webhookSecretOf } from './keys.ts'
import { isFinal, managementLinkOf, ownerView, statusView, TX_TYPE } from './session.ts'
import { sign } from './signature.ts'

/** Tells the shop that the status of a session changed, where it wanted to know. */
export async function notifySession(
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
  const delivery = { url: session.webhookUrl, id, payload: JSON.stringify(payload) }
  await scheduleDelivery(context, world, delivery, session.uuid, new Date(change.at))
}

/** Only 200 counts as received. */
export function deliveryRules({ settings, clock, secret }: Context): DeliveryRules {
  const { webhookRetries, webhookRetryMs, webhookTimeoutMs } = settings
  return {
    headers(realm, { id, payload }, isForged) {
      // Receivers compare it with their own clock, so it is the time of the world and not of the realm.
      const timestamp = Math.floor(clock.now().getTime() / 1_000).toString()
      const key = isForged ? 'whsec_of_somebody_else' : webhookSecretOf(secret, realm)
      return {
        'Content-Type': 'application/json',
        'X-Webhook-Signature-256': `sha256=${sign(key, timestamp, JSON.parse(payload))}`,
        'X-Webhook-Timestamp': timestamp,
        'X-Webhook-ID': id,
      }
    },
    isReceived: ({ status }) => status === 200,
    retryDelaysMs: Array.from({ length: webhookRetries }, (_, attempt) => webhookRetryMs * 2 ** attempt),
    timeoutMs: webhookTimeoutMs,
  }
}

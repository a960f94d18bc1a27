import { scheduleDelivery } from '../../deliveries.ts'
import type { Transaction } from '../../store.ts'
import type { Context } from '../context.ts'
import { organizations, type StatusChange, sessions, THE_ORGANIZATION } from '../documents.ts'
import { transactionId } from '../ids.ts'
import { isFinal, managementLinkOf, ownerView, statusView } from '../session.ts'
import { type Refund, refunds } from './documents.ts'

/** Writes down that a locked refund moved, and tells whoever wants to know. */
export async function record(
  context: Context,
  world: Transaction,
  refund: Refund,
  change: StatusChange,
): Promise<Refund> {
  const isActive = refund.status === 'pending'
  const moved = { ...refund, isActive, history: [...refund.history, change] }
  await refunds.replace(world, refund.uuid, moved)
  await notifyShop(context, world, moved, change)
  world.afterCommit(() => context.changes.announce(refund.uuid))
  return moved
}

/** Where refunds are told at all, the merchant always hears that a customer asked, since the answer is up to them. */
async function notifyShop(context: Context, world: Transaction, refund: Refund, change: StatusChange): Promise<void> {
  const [session, organization] = [
    await sessions.find(world, refund.session),
    await organizations.find(world, THE_ORGANIZATION),
  ]
  if (!session?.webhookUrl || !organization?.refundWebhooks) return
  const matters = change.status === 'created' || isFinal(change.status)
  if (organization.webhookStatuses === 'final' && !matters) return
  const id = transactionId(refund)
  const payload = {
    uuid: id,
    status: statusView(change, 'refund'),
    session: ownerView(session, organization),
    txType: 'refund',
    managementPageLink: managementLinkOf(context.publicUrl, session),
  }
  const delivery = { url: session.webhookUrl, id, payload: JSON.stringify(payload) }
  await scheduleDelivery(context, world, delivery, refund.uuid, new Date(change.at))
}

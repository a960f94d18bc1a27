import type { Context } from './context.ts'
import { PROVIDER, type Session, sessions } from './documents.ts'
import { invalidFields, notFound } from './errors.ts'
import { transactionId, transactionIn } from './ids.ts'
import { statusView, TX_TYPE, withExpiry } from './session.ts'

/** Every kind of transaction that has a status, with the two looser names that the reference uses. */
const TX_TYPES: ReadonlySet<string> = new Set([
  'payment',
  'createSubscription',
  'cancelSubscription',
  'executeSubscription',
  'createPAYGSubscription',
  'cancelPAYGSubscription',
  'increaseAllowance',
  'updateMaxAmount',
  'subscription',
  'allowance',
])

export interface StatusQuery {
  readonly uuid: string
  readonly type: string
}

/** Reads either spelling of the two parameters. @throws ApiError naming those that are missing or wrong. */
export function statusQuery(query: URLSearchParams): StatusQuery {
  const uuid = query.get('txUUID') || query.get('transactionUUID')
  const type = query.get('txType') || query.get('transactionStatusType') || query.get('transactionType')
  const errors = []
  if (!uuid) errors.push({ field: 'TxUUID', message: 'TxUUID is required' })
  if (!type) errors.push({ field: 'TxType', message: 'TxType is required' })
  else if (!TX_TYPES.has(type)) errors.push({ field: 'TxType', message: 'TxType is unknown' })
  if (!uuid || !type || errors.length > 0) throw invalidFields(errors)
  return { uuid: transactionIn(uuid), type }
}

/** The session that a transaction came from. @throws ApiError 404 until a payer has acted on it. */
export async function readTransaction(context: Context, { uuid, type }: StatusQuery): Promise<Session> {
  const found = await sessions.findAnywhere(context.pool, PROVIDER, uuid)
  if (!found || TX_TYPE[found.document.kind] !== type) throw notFound()
  const session = withExpiry(found.document, await context.clockOf(found.realm))
  if (session.history.length === 0) throw notFound()
  return session
}

/** The last status of a transaction that has one. */
export function currentStatus(session: Session): object {
  const last = session.history.at(-1)
  if (!last) throw notFound()
  return statusView(session, last)
}

/** A status as the socket sends it. */
export function statusFrame(session: Session, index: number): string {
  const change = session.history[index]
  if (!change) throw new Error(`the session ${session.uuid} has no change number ${index}`)
  return JSON.stringify({ transactionUUID: transactionId(session), status: statusView(session, change) })
}

import type { Context } from './context.ts'
import { PROVIDER, type StatusChange, sessions } from './documents.ts'
import { invalidFields, notFound } from './errors.ts'
import { transactionId, transactionIn } from './ids.ts'
import { refunds } from './refunds/documents.ts'
import { statusView, TX_TYPE, withExpiry } from './session.ts'
import { type OperationType, operationId, operations } from './subscriptions/documents.ts'

const CREATIONS: readonly string[] = Object.values(TX_TYPE)

const OPERATIONS: readonly OperationType[] = [
  'executeSubscription',
  'cancelSubscription',
  'cancelPAYGSubscription',
  'increaseAllowance',
  'updateMaxAmount',
]

const REFUND = 'refund'

/** The looser names that the reference uses, and what they stand for. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  subscription: ['createSubscription', 'createPAYGSubscription'],
  allowance: ['increaseAllowance'],
}

export interface StatusQuery {
  readonly uuid: string
  readonly types: readonly string[]
}

/** How a transaction has gone so far; it has at least one status. */
export interface TransactionStatus {
  /** As the API writes it. */
  readonly id: string
  readonly type: string
  readonly history: readonly StatusChange[]
}

/** Reads either spelling of the two parameters. @throws ApiError naming those that are missing or wrong. */
export function statusQuery(query: URLSearchParams): StatusQuery {
  const uuid = query.get('txUUID') || query.get('transactionUUID')
  const type = query.get('txType') || query.get('transactionStatusType') || query.get('transactionType')
  const types = type ? typesNamed(type) : []
  const errors = []
  if (!uuid) errors.push({ field: 'TxUUID', message: 'TxUUID is required' })
  if (!type) errors.push({ field: 'TxType', message: 'TxType is required' })
  else if (types.length === 0) errors.push({ field: 'TxType', message: 'TxType is unknown' })
  if (!uuid || errors.length > 0) throw invalidFields(errors)
  return { uuid: transactionIn(uuid), types }
}

function typesNamed(name: string): readonly string[] {
  return ALIASES[name] ?? [...CREATIONS, ...OPERATIONS, REFUND].filter((type) => type === name)
}

/** @throws ApiError 404 until somebody has acted on such a transaction. */
export async function readTransaction(context: Context, { uuid, types }: StatusQuery): Promise<TransactionStatus> {
  const transaction = await findTransaction(context, uuid, types)
  if (!transaction || transaction.history.length === 0 || !types.includes(transaction.type)) throw notFound()
  return transaction
}

function findTransaction(
  context: Context,
  uuid: string,
  types: readonly string[],
): Promise<TransactionStatus | undefined> {
  if (types.includes(REFUND)) return readRefund(context, uuid)
  const operation = OPERATIONS.find((type) => types.includes(type))
  return operation ? readOperation(context, operation, uuid) : readSession(context, uuid)
}

async function readRefund({ pool }: Context, uuid: string): Promise<TransactionStatus | undefined> {
  const found = await refunds.findAnywhere(pool, PROVIDER, uuid)
  return found && { id: transactionId(found.document), type: REFUND, history: found.document.history }
}

async function readSession(context: Context, uuid: string): Promise<TransactionStatus | undefined> {
  const found = await sessions.findAnywhere(context.pool, PROVIDER, uuid)
  if (!found) return undefined
  const { realm, document: session } = found
  // Only one that nobody has acted on expires.
  const { history } = session.history.length > 0 ? session : withExpiry(session, await context.clockOf(realm))
  return { id: transactionId(session), type: TX_TYPE[session.kind], history }
}

async function readOperation(
  context: Context,
  type: OperationType,
  uuid: string,
): Promise<TransactionStatus | undefined> {
  const found = await operations.findAnywhere(context.pool, PROVIDER, operationId({ type, uuid }))
  if (!found) return undefined
  const { subscriptionKind, history } = found.document
  const kind = type === 'executeSubscription' ? 'subscriptionHistory' : subscriptionKind
  return { id: transactionId({ uuid, kind }), type, history }
}

/** The last status of a transaction. */
export function currentStatus({ type, history }: TransactionStatus): object {
  const last = history.at(-1)
  if (!last) throw notFound()
  return statusView(last, type)
}

/** A status as the socket sends it. */
export function statusFrame({ id, type, history }: TransactionStatus, index: number): string {
  const change = history[index]
  if (!change) throw new Error(`the transaction ${id} has no change number ${index}`)
  return JSON.stringify({ transactionUUID: id, status: statusView(change, type) })
}

import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { LedgerTransactionRow } from '../db/rows.ts'
import { transactOnce } from '../events/outbox.ts'
import type { Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { divideHalfEven, formatDecimal } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { exchangeOf } from './account.ts'
import type { Currencies } from './currencies.ts'
import { postedEvent, postPrepared, reverse } from './journal.ts'
import { type Planning, readAmount } from './planning.ts'
import type { Header, Line } from './statement.ts'
import { RefundTransaction, TransactionId } from './transfer.ts'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly currencies: Currencies
  readonly plan: Planning
}

/** What one destination gives back of one charge. */
interface Return {
  readonly part: LedgerTransactionRow
  readonly amount: bigint
}

/** Money on its way back: the whole of a transaction at once, or what each destination is asked for. */
export function returnService({ db, clocks, currencies, plan }: Deps) {
  /** The accounts that a refund's conversions run over, looked up before its transaction begins. */
  async function exchanges(tenantId: string, parts: readonly LedgerTransactionRow[]): Promise<Map<string, string>> {
    const codes = parts.flatMap((part) => (part.convertedCurrency ? [part.currency, part.convertedCurrency] : []))
    const ids = new Map<string, string>()
    for (const code of new Set(codes)) {
      ids.set(code, await plan.systemAccount(tenantId, exchangeOf(await currencies.known(tenantId, code))))
    }
    return ids
  }

  return {
    /**
     * Takes a transaction back as a whole, fees included: an INTERNAL transaction posts its mirror. Once, and not after
     * a refund.
     * @throws DomainError INVALID_STATE, or INSUFFICIENT_FUNDS when a destination has spent the money
     */
    async rollback(call: Call, input: unknown): Promise<Done> {
      const { transactionId, metadata } = validate(TransactionId, input)
      const { tenantId, requestId } = call.actor
      const at = await clocks.now(tenantId)
      const change = { tenantId, at, requestId }
      const mirror = newId()
      return transactOnce(db, call, at, mirror, async (tx, emit) => {
        const { whole } = await lock(tx, tenantId, transactionId)
        if (whole.state !== 'COMPLETED') {
          throw invalidState(`A transaction that is ${whole.state} cannot be rolled back`, ['transactionId'])
        }
        await reverse(tx, change, emit, whole.id, { id: mirror, metadata: metadata ?? {} })
        const object = { id: encodeId('LedgerTransaction', whole.id), state: 'ROLLED_BACK' }
        emit({ type: 'ledger.transaction_rolled_back', entityKind: 'LedgerTransaction', entityId: whole.id, object })
      })
    },

    /**
     * Gives back, per destination, a part of what it received. May be repeated, and never exceeds what was received.
     * @throws DomainError OUT_OF_RANGE, INVALID_STATE, INSUFFICIENT_FUNDS
     */
    async refund(call: Call, input: unknown): Promise<Done> {
      const { transactionId, refunds, metadata } = validate(RefundTransaction, input)
      const { tenantId, requestId } = call.actor
      const seen = await read(db.prisma, tenantId, transactionId)
      const currency = await currencies.known(tenantId, seen.whole.currency)
      const wanted = refunds.map(({ destinationId, subtotal }, index) => ({
        destinationId,
        amount: readAmount(subtotal, currency, ['refunds', String(index), 'subtotal']),
      }))
      const exchangeIds = await exchanges(tenantId, seen.parts)
      const at = await clocks.now(tenantId)
      const id = newId()
      return transactOnce(db, call, at, id, async (tx, emit) => {
        const { whole, parts } = await lock(tx, tenantId, transactionId)
        if (whole.state !== 'COMPLETED' && whole.state !== 'PARTIALLY_REFUNDED') {
          throw invalidState(`A transaction that is ${whole.state} cannot be refunded`, ['transactionId'])
        }
        const returns = share(wanted, parts, currency)
        const total = returns.reduce((sum, { amount }) => sum + amount, 0n)
        const header: Header = {
          id,
          type: 'EXTERNAL',
          state: 'COMPLETED',
          recipe: 'refund',
          accountId: whole.accountId,
          total,
          currency: whole.currency,
          referenceId: whole.id,
          ...(metadata && { metadata }),
        }
        const lines = returnLines(id, whole, returns, total, exchangeIds)
        await postPrepared(tx, { tenantId, at, requestId }, { headers: [header, ...returnParts(id, returns)], lines })
        await noteRefunds(tx, whole, returns, total)
        emit(postedEvent(header, lines))
        const object = { id: encodeId('LedgerTransaction', whole.id), refund: encodeId('LedgerTransaction', id) }
        emit({ type: 'ledger.transaction_refunded', entityKind: 'LedgerTransaction', entityId: whole.id, object })
      })
    },
  }
}

/** Only what people moved by charges can be taken back here; a payment at a provider has refunds of its own. */
async function lock(tx: Transaction, tenantId: string, id: string) {
  await lockRow(tx, 'ledger_transaction', tenantId, id)
  return read(tx, tenantId, id)
}

async function read(reader: Transaction, tenantId: string, id: string) {
  const whole = await reader.ledgerTransaction.findUnique({ where: { tenantId_id: { tenantId, id } } })
  if (!whole) throw notFound('Transaction', ['transactionId'])
  if (whole.type !== 'EXTERNAL' || whole.recipe !== 'transfer') {
    throw invalidState('Only a transaction that was made with charges can be taken back', ['transactionId'])
  }
  const parts = await reader.ledgerTransaction.findMany({ where: { tenantId, parentId: id }, orderBy: { id: 'asc' } })
  return { whole, parts }
}

/** Spreads what a destination gives back over its charges, in their order. */
function share(
  wanted: readonly { destinationId: string; amount: bigint }[],
  parts: readonly LedgerTransactionRow[],
  currency: Currency,
): Return[] {
  const left = new Map(parts.map((part) => [part.id, part.total - part.refunded]))
  return wanted.flatMap(({ destinationId, amount }, index) => {
    if (wanted.findIndex((other) => other.destinationId === destinationId) !== index) {
      const field = ['refunds', String(index), 'destinationId']
      throw new DomainError({ code: 'INVALID', message: 'The account is named twice', field })
    }
    const charged = parts.filter((part) => part.destinationId === destinationId)
    const field = ['refunds', String(index)]
    if (charged.length === 0) {
      const message = 'The account received nothing of this transaction'
      throw new DomainError({ code: 'NOT_FOUND', message, field: [...field, 'destinationId'] })
    }
    let due = amount
    const returns: Return[] = []
    for (const part of charged) {
      const some = min(due, left.get(part.id) ?? 0n)
      if (some === 0n) continue
      left.set(part.id, (left.get(part.id) ?? 0n) - some)
      due -= some
      returns.push({ part, amount: some })
    }
    if (due === 0n) return returns
    const most = formatDecimal(amount - due, currency.exponent)
    const message = `is more than the account received and still has to give back: ${most} ${currency.code}`
    throw new DomainError({ code: 'OUT_OF_RANGE', message, field: [...field, 'subtotal', 'amount'] })
  })
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** What a destination of another currency gives back: with the last unit of the charge, the last it received. */
function convertedBack({ part, amount }: Return): bigint {
  const converted = part.converted ?? 0n
  const upTo = (refunded: bigint) => divideHalfEven(converted * refunded, part.total)
  return upTo(part.refunded + amount) - upTo(part.refunded)
}

function returnLines(
  transactionId: string,
  whole: LedgerTransactionRow,
  returns: readonly Return[],
  total: bigint,
  exchangeIds: Map<string, string>,
): Line[] {
  const line = (accountId: string, currency: string, amount: bigint): Line => ({
    transactionId,
    accountId,
    currency,
    amount,
    held: 0n,
  })
  const given = returns.flatMap((one) => {
    const { part, amount } = one
    const destination = part.destinationId as string
    if (part.convertedCurrency === null) return [line(destination, part.currency, -amount)]
    const back = convertedBack(one)
    return [
      line(destination, part.convertedCurrency, -back),
      line(exchangeIds.get(part.convertedCurrency) as string, part.convertedCurrency, back),
      line(exchangeIds.get(part.currency) as string, part.currency, -amount),
    ]
  })
  return [...given, line(whole.accountId, whole.currency, total)]
}

function returnParts(parentId: string, returns: readonly Return[]): Header[] {
  return returns.map(({ part, amount }) => ({
    id: newId(),
    type: 'INTERNAL',
    state: 'COMPLETED',
    recipe: 'refund',
    parentId,
    accountId: part.destinationId as string,
    destinationId: part.accountId,
    total: amount,
    currency: part.currency,
    referenceId: part.id,
  }))
}

async function noteRefunds(tx: Transaction, whole: LedgerTransactionRow, returns: readonly Return[], total: bigint) {
  const refundedOf = new Map<string, bigint>()
  for (const { part, amount } of returns) {
    refundedOf.set(part.id, (refundedOf.get(part.id) ?? part.refunded) + amount)
  }
  const rows = [...returns.map(({ part }) => part), whole]
  for (const row of new Map(rows.map((row) => [row.id, row])).values()) {
    const refunded = row === whole ? whole.refunded + total : (refundedOf.get(row.id) ?? row.refunded)
    const state = refunded === row.total ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
    const where = { tenantId_id: { tenantId: row.tenantId, id: row.id } }
    await tx.ledgerTransaction.update({ where, data: { refunded: refunded.toString(), state } })
  }
}

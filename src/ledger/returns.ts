import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { LedgerTransactionRow } from '../db/rows.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { formatDecimal, parseDecimal } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { giveBack, roundingOfReturn } from './conversion.ts'
import { type Currencies, RATE_DIGITS } from './currencies.ts'
import { bookedEvent, postPrepared } from './journal.ts'
import { type Planning, readAmount } from './planning.ts'
import { reverse } from './reversal.ts'
import type { Header, Line } from './statement.ts'
import { type ExchangeAccounts, exchangeLines, RefundTransaction, TransactionId } from './transfer.ts'

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
  /** What it gives back in its own currency where that is another one, and what the exchange gains by rounding it. */
  readonly conversion?: { readonly over: ExchangeAccounts; readonly back: bigint; readonly rounding: string | null }
}

interface Seen {
  readonly whole: LedgerTransactionRow
  readonly parts: readonly LedgerTransactionRow[]
}

/** Money on its way back: the whole of a transaction at once, or what each destination is asked for. */
export function returnService(deps: Deps) {
  return bound(deps, { rollback: rollBackTransaction, refund: refundTransaction })
}

/**
 * Takes a transaction back as a whole, fees included: an INTERNAL transaction posts its mirror. Once, and not after
 * a refund.
 * @throws DomainError INVALID_STATE, or INSUFFICIENT_FUNDS when a destination has spent the money, OVERDRAFT_LIMIT_EXCEEDED
 */
async function rollBackTransaction(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { clocks, db } = deps
  const { transactionId, metadata } = validate(TransactionId, input)
  const { tenantId } = call.actor
  const at = await clocks.now(call.actor)
  const mirror = newId()
  const accounts = await exchangesOf(deps, await read(db.prisma, tenantId, transactionId))
  return transactOnce(db, call, at, mirror, async (work) => {
    const { whole } = await lock(work.tx, tenantId, transactionId)
    if (whole.state !== 'COMPLETED') {
      throw invalidState(`A transaction that is ${whole.state} cannot be rolled back`, ['transactionId'])
    }
    await reverse(work, whole.id, { id: mirror, accounts, ...(metadata && { metadata }) })
    const object = { id: encodeId('LedgerTransaction', whole.id), state: 'ROLLED_BACK' }
    work.emit({
      type: 'ledger.transaction_rolled_back',
      entityKind: 'LedgerTransaction',
      entityId: whole.id,
      object,
    })
  })
}

/**
 * Gives back, per destination, a part of what it received. May be repeated, and never exceeds what was received.
 * @throws DomainError OUT_OF_RANGE, INVALID_STATE, INSUFFICIENT_FUNDS, OVERDRAFT_LIMIT_EXCEEDED
 */
async function refundTransaction(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, currencies, clocks } = deps
  const { transactionId, refunds, metadata } = validate(RefundTransaction, input)
  const { tenantId } = call.actor
  const seen = await read(db.prisma, tenantId, transactionId)
  const currency = await currencies.known(tenantId, seen.whole.currency)
  const wanted = refunds.map(({ destinationId, subtotal }, index) => ({
    destinationId,
    amount: readAmount(subtotal, currency, ['refunds', String(index), 'subtotal']),
  }))
  const accounts = await exchangesOf(deps, seen)
  const at = await clocks.now(call.actor)
  const id = newId()
  return transactOnce(db, call, at, id, async (work) => {
    const { whole, parts } = await lock(work.tx, tenantId, transactionId)
    if (whole.state !== 'COMPLETED' && whole.state !== 'PARTIALLY_REFUNDED') {
      throw invalidState(`A transaction that is ${whole.state} cannot be refunded`, ['transactionId'])
    }
    const returns = share(wanted, parts, currency).map((one) => ({ ...one, ...converted(one, currency, accounts) }))
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
    const lines = returnLines(id, whole, returns, total)
    await postPrepared(work, { headers: [header, ...returnParts(id, returns)], lines })
    await noteRefunds(work.tx, whole, returns, total)
    work.emit(await bookedEvent(work, header))
    const object = { id: encodeId('LedgerTransaction', whole.id), refund: encodeId('LedgerTransaction', id) }
    work.emit({ type: 'ledger.transaction_refunded', entityKind: 'LedgerTransaction', entityId: whole.id, object })
  })
}

/** The accounts that the conversions of a transaction ran over, looked up before anything is changed. */
async function exchangesOf({ currencies, plan }: Deps, { whole, parts }: Seen): Promise<Map<string, ExchangeAccounts>> {
  const from = await currencies.known(whole.tenantId, whole.currency)
  const accounts = new Map<string, ExchangeAccounts>()
  for (const code of new Set(parts.flatMap(({ convertedCurrency }) => convertedCurrency ?? []))) {
    const to = await currencies.known(whole.tenantId, code)
    accounts.set(code, await plan.exchangeAccounts(whole.tenantId, from, to))
  }
  return accounts
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
    throw invalidState('Only a transaction with charges can be rolled back or refunded', ['transactionId'])
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
      throw new DomainError({ code: 'INVALID', message: 'The account is listed twice', field })
    }
    const charged = parts.filter((part) => part.destinationId === destinationId)
    const field = ['refunds', String(index)]
    if (charged.length === 0) {
      const message = 'The account received nothing from this transaction'
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
    const message = `is more than the account can still give back: ${most} ${currency.code}`
    throw new DomainError({ code: 'OUT_OF_RANGE', message, field: [...field, 'subtotal', 'amount'] })
  })
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** What a destination of another currency gives back of what it received, at the rate of the charge. */
function converted(
  { part, amount }: Return,
  from: Currency,
  accounts: ReadonlyMap<string, ExchangeAccounts>,
): Pick<Return, 'conversion'> {
  const { total, refunded, converted: received, convertedCurrency, rate, rounding } = part
  const over = convertedCurrency === null ? undefined : accounts.get(convertedCurrency)
  if (!over || received === null || rate === null) return {}
  const back = giveBack({ total, refunded, received }, amount)
  const terms = { from, to: over.to, rate: parseDecimal(rate.toFixed(RATE_DIGITS), RATE_DIGITS) as bigint }
  // Where no rounding was kept of the charge, none is taken back.
  return { conversion: { over, back, rounding: rounding && roundingOfReturn(back, amount, terms) } }
}

function returnLines(
  transactionId: string,
  whole: LedgerTransactionRow,
  returns: readonly Return[],
  total: bigint,
): Line[] {
  const line = (accountId: string, currency: string, amount: bigint): Line => ({
    transactionId,
    accountId,
    currency,
    amount,
    held: 0n,
  })
  const given = returns.flatMap(({ part, amount, conversion }) => {
    const destination = part.destinationId as string
    if (!conversion) return [line(destination, part.currency, -amount)]
    const { over, back, rounding } = conversion
    return [
      line(destination, over.to.code, -back),
      ...exchangeLines(transactionId, over, back, rounding),
      line(over.exchangeFrom, part.currency, -amount),
    ]
  })
  return [...given, line(whole.accountId, whole.currency, total)]
}

function returnParts(parentId: string, returns: readonly Return[]): Header[] {
  return returns.map(({ part, amount, conversion }) => ({
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
    ...(conversion?.rounding != null && { rounding: conversion.rounding }),
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

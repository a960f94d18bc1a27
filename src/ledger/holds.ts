import type { Logger } from 'pino'
import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { LedgerTransactionRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { parseDecimal } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { transact, transactOnce, type Work } from '../work/work.ts'
import { convert } from './conversion.ts'
import { type Currencies, RATE_DIGITS } from './currencies.ts'
import { postPrepared } from './journal.ts'
import { type Planning, readAmount } from './planning.ts'
import {
  assertTotals,
  type Charge,
  CreateHold,
  headersOf,
  holdLine,
  linesOf,
  TransactionId,
  type Transfer,
  UpdateHold,
} from './transfer.ts'

const EXPIRE_AT_ONCE = 100

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly currencies: Currencies
  readonly plan: Planning
  readonly log: Logger
}

/** Payments in two steps: what is held cannot be spent, and moves only when the hold is completed. */
export function holdService(deps: Deps) {
  return bound(deps, {
    create: createHold,
    update: updateHold,
    complete: completeHold,
    decline: declineHold,
    expireDue: expireDueHolds,
  })
}

/** Holds money of an account for charges to come. @throws DomainError as for a transaction in one step */
async function createHold({ clocks, plan, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const wanted = validate(CreateHold, input)
  const { tenantId } = call.actor
  const { accountId, metadata, expiresAt } = wanted
  const at = await clocks.now(call.actor)
  const currency = await plan.payer(tenantId, accountId)
  const total = readAmount(wanted.total, currency, ['total'])
  const charges = await plan.charges(tenantId, accountId, currency, wanted.charges)
  assertTotals(total, charges, currency)
  const transfer: Transfer = { id: newId(), accountId, currency, total, charges, metadata }
  return transactOnce(db, call, at, transfer.id, async (work) => {
    // Only the first request is asked this: a repeat may come when the hold has long ended.
    if (expiresAt && expiresAt <= at) {
      throw new DomainError({ code: 'OUT_OF_RANGE', message: 'must be in the future', field: ['expiresAt'] })
    }
    const headers = headersOf(transfer, 'HELD', { recipe: 'transfer', ...(expiresAt && { expiresAt }) })
    await postPrepared(work, { headers, lines: [holdLine(transfer, total)] })
    work.emit(
      event('ledger.hold_created', transfer.id, {
        state: 'HELD',
        total: total.toString(),
        currency: currency.code,
        charges: chargesObject(charges),
        expiresAt: expiresAt?.toISOString() ?? null,
      }),
    )
  })
}

/** Changes what is held: with one charge its subtotal follows the total, with several they come along. */
async function updateHold(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, currencies, plan } = deps
  const { transactionId, metadata, ...wanted } = validate(UpdateHold, input)
  const { tenantId } = call.actor
  const seen = await read(db.prisma, tenantId, transactionId)
  const currency = await currencies.known(tenantId, seen.hold.currency)
  const total = readAmount(wanted.total, currency, ['total'])
  const planned = wanted.charges && (await plan.charges(tenantId, seen.hold.accountId, currency, wanted.charges))
  return changeHold(deps, call, seen, 'ledger.hold_updated', async (work, hold, parts) => {
    refuseExpired(hold, work.at)
    const before = await transferOf(deps, hold, parts)
    const charges = planned ?? followTotal(before, total)
    assertTotals(total, charges, currency)
    const after: Transfer = { ...before, total, charges }
    const [, ...newParts] = headersOf(after, 'HELD', { recipe: hold.recipe })
    await work.tx.ledgerTransaction.deleteMany({ where: { tenantId: hold.tenantId, parentId: hold.id } })
    await postPrepared(work, { headers: newParts, lines: [holdLine(after, total - hold.total)] })
    const data = { total: total.toString(), ...(metadata && { metadata }) }
    await work.tx.ledgerTransaction.update({
      where: { tenantId_id: { tenantId: hold.tenantId, id: hold.id } },
      data,
    })
    return { state: 'HELD', total: total.toString(), charges: chargesObject(charges) }
  })
}

/** Turns a hold into the payment: the account is charged and every destination receives its part. */
async function completeHold(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db } = deps
  const { transactionId } = validate(TransactionId, input)
  const seen = await read(db.prisma, call.actor.tenantId, transactionId)
  return changeHold(deps, call, seen, 'ledger.hold_completed', async (work, hold, parts) => {
    refuseExpired(hold, work.at)
    const transfer = await transferOf(deps, hold, parts)
    await postPrepared(work, { headers: [], lines: linesOf(transfer, true) })
    await setState(work.tx, hold, { state: 'COMPLETED', completedAt: work.at })
    return { state: 'COMPLETED' }
  })
}

/** Gives a hold up: what was held is available again. */
async function declineHold(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db } = deps
  const { transactionId } = validate(TransactionId, input)
  const seen = await read(db.prisma, call.actor.tenantId, transactionId)
  return changeHold(deps, call, seen, 'ledger.hold_declined', (work, hold) => releaseHold(deps, work, hold))
}

/** Declines the holds that have expired on their tenant's clock. Answers how many. */
async function expireDueHolds(deps: Deps): Promise<number> {
  const { db, clock, log } = deps
  const due = await db.query<LedgerTransactionRow>(
    'ledger.holds.due',
    `SELECT h.* FROM ledger_transaction h JOIN tenant t ON t.id = h.tenant_id
     WHERE h.expires_at <= $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'
     ORDER BY h.expires_at LIMIT ${EXPIRE_AT_ONCE}`,
    [clock.now()],
  )
  for (const { tenantId, id } of due) {
    // One that fails must not keep those behind it from their end.
    await expireHold(deps, tenantId, id).catch((error) =>
      log.error({ err: error, tenantId, id }, 'a hold did not expire'),
    )
  }
  return due.length
}

/** One change of a hold that was seen, under its lock. */
async function changeHold(
  deps: Deps,
  call: Call,
  seen: Seen,
  type: EventType,
  apply: (work: Work, hold: LedgerTransactionRow, parts: LedgerTransactionRow[]) => Promise<object>,
): Promise<Done> {
  const { clocks, db } = deps
  const { tenantId } = call.actor
  const at = await clocks.now(call.actor)
  const { id } = seen.hold
  // Whatever has to be looked up is looked up before: inside the transaction it would take a second connection.
  await transferOf(deps, seen.hold, seen.parts)
  return transactOnce(db, call, at, id, async (work) => {
    const { hold, parts } = await lock(work.tx, tenantId, id)
    const data = await apply(work, hold, parts)
    announce(work.emit, type, hold, data)
  })
}

/** A hold as the transfer that it will be, with the rates that were frozen when it was made. */
async function transferOf(
  deps: Deps,
  hold: LedgerTransactionRow,
  parts: readonly LedgerTransactionRow[],
): Promise<Transfer> {
  const { currencies } = deps
  const { tenantId, id, accountId, total } = hold
  const currency = await currencies.known(tenantId, hold.currency)
  const charges = await Promise.all(parts.map((part) => chargeOf(deps, part, currency)))
  return { id, accountId, currency, total, charges }
}

async function chargeOf({ currencies, plan }: Deps, part: LedgerTransactionRow, currency: Currency): Promise<Charge> {
  const charge = { destinationId: part.destinationId as string, subtotal: part.total }
  if (part.convertedCurrency === null || part.converted === null || part.rate === null) return charge
  const to = await currencies.known(part.tenantId, part.convertedCurrency)
  const accounts = await plan.exchangeAccounts(part.tenantId, currency, to)
  const rate = parseDecimal(part.rate.toFixed(RATE_DIGITS), RATE_DIGITS) as bigint
  const rounding = part.rounding?.toFixed() ?? null
  return { ...charge, conversion: { rate, received: part.converted, rounding, ...accounts } }
}

async function releaseHold({ currencies }: Deps, work: Work, hold: LedgerTransactionRow): Promise<object> {
  const currency = await currencies.known(hold.tenantId, hold.currency)
  await postPrepared(work, { headers: [], lines: [holdLine({ ...hold, currency }, -hold.total)] })
  await setState(work.tx, hold, { state: 'DECLINED' })
  return { state: 'DECLINED' }
}

async function expireHold(deps: Deps, tenantId: string, id: string): Promise<void> {
  const { clocks, db } = deps
  const change = { tenantId, at: await clocks.now(tenantId) }
  await transact(db, change, async (work) => {
    // Another node may have declined it meanwhile, or its owner completed it.
    const { hold } = await lock(work.tx, tenantId, id).catch(notHeldAnyMore)
    if (hold) announce(work.emit, 'ledger.hold_expired', hold, await releaseHold(deps, work, hold))
  })
}

/** @throws DomainError NOT_FOUND, or INVALID_STATE when it is no hold any more */
async function lock(tx: Transaction, tenantId: string, id: string) {
  await lockRow(tx, 'ledger_transaction', tenantId, id)
  const { hold, parts } = await read(tx, tenantId, id)
  if (hold.state !== 'HELD') throw invalidState(`The transaction is ${hold.state}, not held`, ['transactionId'])
  return { hold, parts }
}

/** A hold ends when its time has come, not when somebody comes round to end it. */
function refuseExpired({ expiresAt }: LedgerTransactionRow, at: Date): void {
  if (expiresAt && expiresAt <= at) throw invalidState('The hold has expired', ['transactionId'])
}

interface Seen {
  readonly hold: LedgerTransactionRow
  readonly parts: readonly LedgerTransactionRow[]
}

/** @throws DomainError NOT_FOUND */
async function read(reader: Transaction, tenantId: string, id: string) {
  const hold = await reader.ledgerTransaction.findUnique({ where: { tenantId_id: { tenantId, id } } })
  if (hold?.type !== 'EXTERNAL') throw notFound('Transaction', ['transactionId'])
  const parts = await reader.ledgerTransaction.findMany({ where: { tenantId, parentId: id }, orderBy: { id: 'asc' } })
  return { hold, parts }
}

function notHeldAnyMore(error: unknown): { hold: undefined } {
  if (error instanceof DomainError) return { hold: undefined }
  throw error
}

async function setState(
  tx: Transaction,
  { tenantId, id }: LedgerTransactionRow,
  data: { state: 'COMPLETED' | 'DECLINED'; completedAt?: Date },
): Promise<void> {
  const where = { tenantId, OR: [{ id }, { parentId: id }] }
  await tx.ledgerTransaction.updateMany({ where, data: { ...data, expiresAt: null } })
}

function chargesObject(charges: readonly Charge[]): object[] {
  return charges.map(({ destinationId, subtotal }) => ({
    destination: encodeId('Account', destinationId),
    subtotal: subtotal.toString(),
  }))
}

function announce(emit: Emit, type: EventType, hold: LedgerTransactionRow, data: object): void {
  emit(event(type, hold.id, { total: hold.total.toString(), currency: hold.currency, ...data }))
}

function event(type: EventType, id: string, object: object) {
  return {
    type,
    entityKind: 'LedgerTransaction' as const,
    entityId: id,
    object: { id: encodeId('LedgerTransaction', id), ...object },
  }
}

function followTotal({ charges, currency: from }: Transfer, total: bigint): Charge[] {
  const [only, ...others] = charges
  if (only && others.length === 0) {
    const { conversion } = only
    const converted = conversion && convert(total, { ...conversion, from }, ['total', 'amount'])
    return [{ ...only, subtotal: total, ...(conversion && { conversion: { ...conversion, ...converted } }) }]
  }
  throw new DomainError({
    code: 'REQUIRED',
    message: 'is required when the total of a hold with several charges changes',
    field: ['charges'],
  })
}

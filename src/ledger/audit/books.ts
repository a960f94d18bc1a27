import { bound } from '../../kernel/bound.ts'
import { type AccountAudit, accountAudit } from './accounts.ts'
import { checkCharges, checkParts, roundingOf } from './charges.ts'
import {
  type AccountLine,
  add,
  type CurrencyLine,
  type EventLine,
  type HeaderLine,
  type Note,
  type TransactionLine,
} from './lines.ts'

/** What the events say of a transaction or of one of its parts. */
interface Standing {
  readonly account: string
  readonly parts: readonly string[]
  /** The currency that a charge was converted to, and what rounding left of it. */
  readonly converted: { readonly currency: string; readonly rounding: bigint } | undefined
  state: string
  total: bigint
  refunded: bigint
  /** Whether it is among the transactions. */
  seen: boolean
  /** What the parts of a hold come to, which no event tells before its end. */
  heldParts: bigint
}

interface Books {
  readonly note: Note
  readonly exponents: Map<string, number>
  readonly accounts: AccountAudit
  readonly standings: Map<string, Standing>
}

/**
 * The books of an export, kept a second time: every event is posted again in its order, and what comes of it is
 * compared with what the accounts and transactions are said to be. It needs memory for the accounts and for a few facts
 * of each transaction.
 */
export function bookAudit(note: Note) {
  const books: Books = { note, exponents: new Map(), accounts: accountAudit(note), standings: new Map() }
  return bound(books, {
    currency: readCurrency,
    account: readAccount,
    event: readEvent,
    transaction: readTransaction,
    finish: finishBooks,
  })
}

function readCurrency({ exponents }: Books, { code, exponent }: CurrencyLine): void {
  exponents.set(code, exponent)
}

function readAccount({ accounts }: Books, account: AccountLine): void {
  accounts.open(account)
}

function readEvent(books: Books, event: EventLine): void {
  if (event.transaction) follow(books, event, event.transaction)
  else books.note('event_without_posting', `event ${event.cursor} refers to a transaction that does not exist`)
}

/** Compares the state that a transaction is said to have with the one that its events have given it. */
function readTransaction({ note, standings }: Books, line: TransactionLine): void {
  const { id, state, parent = '', total, refunded } = line
  const known = standings.get(id)
  const whole = standings.get(parent)
  if (!known && whole?.state === 'HELD' && state === 'HELD') {
    whole.heldParts += BigInt(total)
    return
  }
  if (!known) {
    note('posting_without_event', 'no event records it', id)
    return
  }
  known.seen = true
  if (known.state === state && known.total === BigInt(total) && known.refunded === BigInt(refunded)) return
  const told = `by its events it is ${known.state} with ${known.refunded} of ${known.total}`
  note('state_differs', `it is ${state} with ${refunded} of ${total} refunded; ${told}`, id)
}

/** Compares what the accounts are said to have with what the events have given them. */
function finishBooks(books: Books): void {
  const { note, standings, accounts } = books
  for (const [id, { seen }] of standings) if (!seen) note('transaction_missing', 'it is only in the events', id)
  accounts.finish(held(books))
}

function follow(books: Books, event: EventLine, whole: HeaderLine): void {
  const { note, standings } = books
  switch (event.type) {
    case 'ledger.transaction_posted':
      if (standings.has(whole.id)) note('posted_twice', `event ${event.cursor} posts it once more`, whole.id)
      settle(books, event, whole, 'COMPLETED')
      break
    case 'ledger.hold_created':
      standings.set(whole.id, standing(whole, 'HELD', BigInt(event.facts.total ?? 0)))
      break
    case 'ledger.hold_updated':
      changeHold(books, event, whole)
      break
    case 'ledger.hold_completed':
      changeHold(books, event, whole)
      settle(books, event, whole, 'COMPLETED')
      break
    case 'ledger.hold_declined':
    case 'ledger.hold_expired':
      changeHold(books, event, whole)
      settle(books, event, whole, 'DECLINED')
      break
  }
}

/** An event after which everything about its transaction but its state is settled. */
function settle(books: Books, event: EventLine, whole: HeaderLine, state: 'COMPLETED' | 'DECLINED'): void {
  const { note, exponents, accounts, standings } = books
  const { parts, cursor } = event
  standings.set(whole.id, standing(whole, state, BigInt(whole.total), parts))
  for (const part of parts) standings.set(part.id, standing(part, state, BigInt(part.total)))
  checkParts({ whole, parts }, (code) => currencyOf(exponents, code), note)
  const gains = accounts.post(event)
  const moves = state === 'COMPLETED'
  if (moves !== gains.size > 0) {
    note('entries_differ', `event ${cursor} leaves it ${state} with entries on ${gains.size} accounts`, whole.id)
  }
  if (moves) {
    checkCharges({ whole, parts }, gains, accounts.isExchange, note)
    for (const part of parts) round(books, part)
  }
  takeBack(books, event, whole)
}

function currencyOf(exponents: Books['exponents'], code: string) {
  const exponent = exponents.get(code)
  if (exponent === undefined) throw new Error(`the currency ${code} does not exist`)
  return { code, exponent }
}

/** What an event gives back of an earlier transaction. */
function takeBack(books: Books, event: EventLine, whole: HeaderLine): void {
  if (whole.recipe === 'refund')
    for (const { reference, total } of [whole, ...event.parts]) refund(books, reference, BigInt(total), event)
  if (whole.recipe === 'rollback') rollBack(books, whole.reference, event)
}

function round({ standings, accounts }: Books, { rounding, convertedCurrency, reference = '' }: HeaderLine): void {
  const currency = convertedCurrency ?? standings.get(reference)?.converted?.currency
  if (rounding !== undefined && currency !== undefined) accounts.round(currency, roundingOf(rounding))
}

function refund({ note, standings }: Books, reference = '', total: bigint, { cursor }: EventLine): void {
  const original = standings.get(reference)
  if (!original) {
    note('reference_missing', `event ${cursor} refunds a transaction that does not exist`, reference)
    return
  }
  original.refunded += total
  original.state = original.refunded < original.total ? 'PARTIALLY_REFUNDED' : 'REFUNDED'
  if (original.refunded > original.total)
    note('refunds_differ', `event ${cursor} refunds more than was left`, reference)
}

function rollBack({ note, standings, accounts }: Books, reference = '', { cursor }: EventLine): void {
  const original = standings.get(reference)
  if (original?.state !== 'COMPLETED') {
    note('state_differs', `event ${cursor} rolls it back while it is ${original?.state}`, reference)
  }
  for (const one of [original, ...(original?.parts ?? []).map((id) => standings.get(id))]) {
    if (one) one.state = 'ROLLED_BACK'
    if (one?.converted) accounts.round(one.converted.currency, -one.converted.rounding)
  }
}

function changeHold({ note, standings }: Books, { type, facts, cursor }: EventLine, { id }: HeaderLine): void {
  const hold = standings.get(id)
  if (hold?.state !== 'HELD') note('state_differs', `event ${cursor} is ${type} while it is ${hold?.state}`, id)
  if (hold && type === 'ledger.hold_updated') hold.total = BigInt(facts.total ?? 0)
}

/** What is held of each account. */
function held({ note, standings }: Books): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const [id, { state, account, total, heldParts }] of standings) {
    if (state !== 'HELD') continue
    if (heldParts !== total) note('parts_differ', `its parts come to ${heldParts} of ${total}`, id)
    add(sums, account, total)
  }
  return sums
}

function standing(header: HeaderLine, state: string, total: bigint, parts: readonly HeaderLine[] = []): Standing {
  const { account, convertedCurrency: currency, rounding } = header
  const converted = currency === undefined ? undefined : { currency, rounding: roundingOf(rounding ?? '0') }
  const ids = parts.map(({ id }) => id)
  return { account, parts: ids, converted, state, total, refunded: 0n, seen: false, heldParts: 0n }
}

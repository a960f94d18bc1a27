import { accountAudit } from './accounts.ts'
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

/**
 * The books of an export, kept a second time: every event is posted again in its order, and what comes of it is
 * compared with what the accounts and transactions are said to be. It needs memory for the accounts and for a few facts
 * of each transaction.
 */
export function bookAudit(note: Note) {
  const exponents = new Map<string, number>()
  const accounts = accountAudit(note)
  const standings = new Map<string, Standing>()

  function currencyOf(code: string) {
    const exponent = exponents.get(code)
    if (exponent === undefined) throw new Error(`the currency ${code} does not exist`)
    return { code, exponent }
  }

  /** An event after which everything about its transaction but its state is settled. */
  function settle(event: EventLine, whole: HeaderLine, state: 'COMPLETED' | 'DECLINED'): void {
    const { parts, cursor } = event
    standings.set(whole.id, standing(whole, state, BigInt(whole.total), parts))
    for (const part of parts) standings.set(part.id, standing(part, state, BigInt(part.total)))
    checkParts({ whole, parts }, currencyOf, note)
    const gains = accounts.post(event)
    const moves = state === 'COMPLETED'
    if (moves !== gains.size > 0) {
      note('entries_differ', `event ${cursor} leaves it ${state} with entries on ${gains.size} accounts`, whole.id)
    }
    if (moves) {
      checkCharges({ whole, parts }, gains, accounts.isExchange, note)
      parts.forEach(round)
    }
    takeBack(event, whole)
  }

  /** What an event gives back of an earlier transaction. */
  function takeBack(event: EventLine, whole: HeaderLine): void {
    if (whole.recipe === 'refund')
      for (const { reference, total } of [whole, ...event.parts]) refund(reference, BigInt(total), event)
    if (whole.recipe === 'rollback') rollBack(whole.reference, event)
  }

  function round({ rounding, convertedCurrency, reference = '' }: HeaderLine): void {
    const currency = convertedCurrency ?? standings.get(reference)?.converted?.currency
    if (rounding !== undefined && currency !== undefined) accounts.round(currency, roundingOf(rounding))
  }

  function refund(reference = '', total: bigint, { cursor }: EventLine): void {
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

  function rollBack(reference = '', { cursor }: EventLine): void {
    const original = standings.get(reference)
    if (original?.state !== 'COMPLETED') {
      note('state_differs', `event ${cursor} rolls it back while it is ${original?.state}`, reference)
    }
    for (const one of [original, ...(original?.parts ?? []).map((id) => standings.get(id))]) {
      if (one) one.state = 'ROLLED_BACK'
      if (one?.converted) accounts.round(one.converted.currency, -one.converted.rounding)
    }
  }

  function changeHold({ type, facts, cursor }: EventLine, { id }: HeaderLine): Standing | undefined {
    const hold = standings.get(id)
    if (hold?.state !== 'HELD') note('state_differs', `event ${cursor} is ${type} while it is ${hold?.state}`, id)
    if (hold && type === 'ledger.hold_updated') hold.total = BigInt(facts.total ?? 0)
    return hold
  }

  function follow(event: EventLine, whole: HeaderLine): void {
    switch (event.type) {
      case 'ledger.transaction_posted':
        if (standings.has(whole.id)) note('posted_twice', `event ${event.cursor} posts it once more`, whole.id)
        settle(event, whole, 'COMPLETED')
        break
      case 'ledger.hold_created':
        standings.set(whole.id, standing(whole, 'HELD', BigInt(event.facts.total ?? 0)))
        break
      case 'ledger.hold_updated':
        changeHold(event, whole)
        break
      case 'ledger.hold_completed':
        changeHold(event, whole)
        settle(event, whole, 'COMPLETED')
        break
      case 'ledger.hold_declined':
      case 'ledger.hold_expired':
        changeHold(event, whole)
        settle(event, whole, 'DECLINED')
        break
    }
  }

  /** What is held of each account. */
  function held(): Map<string, bigint> {
    const sums = new Map<string, bigint>()
    for (const [id, { state, account, total, heldParts }] of standings) {
      if (state !== 'HELD') continue
      if (heldParts !== total) note('parts_differ', `its parts come to ${heldParts} of ${total}`, id)
      add(sums, account, total)
    }
    return sums
  }

  return {
    currency({ code, exponent }: CurrencyLine): void {
      exponents.set(code, exponent)
    },

    account(account: AccountLine): void {
      accounts.open(account)
    },

    event(event: EventLine): void {
      if (event.transaction) follow(event, event.transaction)
      else note('event_without_posting', `event ${event.cursor} refers to a transaction that does not exist`)
    },

    transaction({ id, state, parent = '', total, refunded }: TransactionLine): void {
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
    },

    /** Compares what the accounts are said to have with what the events have given them. */
    finish(): void {
      for (const [id, { seen }] of standings) if (!seen) note('transaction_missing', 'it is only in the events', id)
      accounts.finish(held())
    },
  }
}

function standing(header: HeaderLine, state: string, total: bigint, parts: readonly HeaderLine[] = []): Standing {
  const { account, convertedCurrency: currency, rounding } = header
  const converted = currency === undefined ? undefined : { currency, rounding: roundingOf(rounding ?? '0') }
  const ids = parts.map(({ id }) => id)
  return { account, parts: ids, converted, state, total, refunded: 0n, seen: false, heldParts: 0n }
}

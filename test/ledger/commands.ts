import fc from 'fast-check'

/** What a client may ask of the ledger, with accounts and transactions by their place in lists that go round. */

export interface Share {
  /** How far the destination is from the payer; of a refund, which of the charges, counted from one. */
  readonly away: number
  readonly amount: bigint
}

export type Command =
  | { readonly verb: 'fund'; readonly account: number; readonly amount: bigint }
  | { readonly verb: 'pay'; readonly account: number; readonly shares: readonly Share[]; readonly off: bigint }
  | {
      readonly verb: 'hold'
      readonly account: number
      readonly shares: readonly Share[]
      readonly off: bigint
      readonly minutes: number | null
    }
  | {
      readonly verb: 'updateHold'
      readonly transaction: number
      readonly total: bigint
      readonly shares: readonly Share[] | null
    }
  | { readonly verb: 'complete'; readonly transaction: number }
  | { readonly verb: 'decline' | 'rollback'; readonly transaction: number }
  | { readonly verb: 'refund'; readonly transaction: number; readonly shares: readonly Share[] }
  | { readonly verb: 'freeze' | 'unfreeze'; readonly account: number }
  | { readonly verb: 'setRate'; readonly from: number; readonly to: number; readonly rate: bigint }
  | { readonly verb: 'wait'; readonly minutes: number }

/** A command, and whether an impatient client puts it twice under one key. */
export interface Wanted {
  readonly command: Command
  readonly twice: boolean
}

const account = fc.nat({ max: 4 })
const transaction = fc.noBias(fc.nat({ max: 255 }))
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 1n, max: 400n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 400n, max: 20_000n }) },
)
const away = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)
const shares = fc.array(fc.record({ away, amount }), { minLength: 1, maxLength: 4 })
const refunds = fc.array(fc.record({ away, amount }), { minLength: 1, maxLength: 2 })
/** By how much the charges miss the total, which they seldom do. */
const off = fc.oneof({ weight: 15, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.constantFrom(1n, 7n) })
const minutes = fc.integer({ min: 1, max: 30 })
/** In units of 10^-18. */
const rate = fc.oneof(
  fc.constantFrom(5n * 10n ** 17n, 1n, 149n * 10n ** 18n + 5n * 10n ** 17n),
  fc.bigInt({ min: 1n, max: 3n * 10n ** 18n }),
)

const is = <Verb extends string>(verb: Verb) => fc.constant(verb)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: is('fund'), account, amount: fc.bigInt({ min: 1n, max: 3_000n }) }) },
  { weight: 8, arbitrary: fc.record({ verb: is('pay'), account, shares, off }) },
  { weight: 6, arbitrary: fc.record({ verb: is('hold'), account, shares, off, minutes: fc.option(minutes) }) },
  {
    weight: 4,
    arbitrary: fc.record({ verb: is('updateHold'), transaction, total: amount, shares: fc.option(shares) }),
  },
  { weight: 5, arbitrary: fc.record({ verb: is('complete'), transaction }) },
  { weight: 2, arbitrary: fc.record({ verb: is('decline'), transaction }) },
  { weight: 3, arbitrary: fc.record({ verb: is('rollback'), transaction }) },
  { weight: 6, arbitrary: fc.record({ verb: is('refund'), transaction, shares: refunds }) },
  { weight: 1, arbitrary: fc.record({ verb: is('freeze'), account }) },
  { weight: 2, arbitrary: fc.record({ verb: is('unfreeze'), account }) },
  { weight: 2, arbitrary: fc.record({ verb: is('setRate'), from: account, to: account, rate }) },
  { weight: 1, arbitrary: fc.record({ verb: is('wait'), minutes }) },
)

const wanted: fc.Arbitrary<Wanted> = fc.record({ command, twice: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) })

/** One after the other. */
export const oneByOne = fc.array(
  wanted.map((one) => [one]),
  { minLength: 20, maxLength: 60, size: 'max' },
)

/** Batches of commands that come at the same moment. */
export const atOnce = fc.array(
  fc.oneof(
    fc.array(wanted, { minLength: 1, maxLength: 12, size: 'max' }),
    fc.array(wanted, { minLength: 32, maxLength: 58, size: 'max' }),
  ),
  { minLength: 3, maxLength: 6, size: 'max' },
)

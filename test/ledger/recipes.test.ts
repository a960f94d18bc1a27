import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { feeTold, paymentSettled, refundCompleted } from '../../src/ledger/recipes.ts'

const USD = currency('USD')
const paymentId = newId()
const sellerId = newId()

/** What each account gains, by the part of its external id before the currency. */
function gains(gross: bigint, providerFee: bigint, organizationFee: bigint, seller: string | null) {
  const { legs } = paymentSettled({
    paymentId,
    provider: 'QBITFLOW',
    gross: money(gross, USD),
    providerFee,
    organizationFee,
    sellerId: seller,
  })
  return Object.fromEntries(legs.map((leg) => [leg.account.externalId.replace(/:USD$/, ''), leg.amount]))
}

const GROSS = fc.bigInt({ min: 1n, max: 10n ** 30n })
/** Two fees that together are no more than the gross. */
const SPLIT = GROSS.chain((gross) =>
  fc
    .bigInt({ min: 0n, max: gross })
    .chain((first) => fc.tuple(fc.constant(gross), fc.constant(first), fc.bigInt({ min: 0n, max: gross - first }))),
)

describe('a settled payment', () => {
  test('sums to zero, and of a seller everyone gets exactly their share', () => {
    fc.assert(
      fc.property(SPLIT, ([gross, providerFee, organizationFee]) => {
        const shares = gains(gross, providerFee, organizationFee, sellerId)
        expect(Object.values(shares).reduce((sum, amount) => sum + amount, 0n)).toBe(0n)
        expect(shares['customers:qbitflow']).toBe(-gross)
        expect(shares['fees:qbitflow'] ?? 0n).toBe(providerFee)
        expect(shares['organization-fees:qbitflow'] ?? 0n).toBe(organizationFee)
        expect(shares[`seller:${sellerId}`] ?? 0n).toBe(gross - providerFee - organizationFee)
      }),
    )
  })

  test('without a seller is the organization’s own but for the provider’s fee', () => {
    fc.assert(
      fc.property(SPLIT, ([gross, providerFee]) => {
        const shares = gains(gross, providerFee, 0n, null)
        expect(shares['organization:qbitflow'] ?? 0n).toBe(gross - providerFee)
        expect(shares['fees:qbitflow'] ?? 0n).toBe(providerFee)
      }),
    )
  })

  test('whose fees exceed it is a bug, as is an organization fee without a seller', () => {
    expect(() => gains(100n, 60n, 41n, sellerId)).toThrow('exceed')
    expect(() => gains(100n, 1n, 1n, null)).toThrow('needs a seller')
  })

  test('has the payment as its cause, so that it is posted once', () => {
    const gross = money(100n, USD)
    const settled = { paymentId, provider: 'QBITFLOW', gross, providerFee: 1n, organizationFee: 0n, sellerId: null }
    const { cause, recipe } = paymentSettled({ ...settled, provider: 'QBITFLOW' })
    expect([cause, recipe]).toEqual([{ kind: 'Payment', id: paymentId }, 'paymentSettled'])
  })
})

/** What each account gains by a refund of a payment in USD, by its external id. */
function returns(amount: bigint, available: bigint, seller: string | null, networkFee: bigint | null = null) {
  const { legs } = refundCompleted({
    refundId: paymentId,
    provider: 'QBITFLOW',
    amount: money(amount, USD),
    sellerId: seller,
    available,
    networkFee: networkFee === null ? null : money(networkFee, currency('ETH')),
  })
  return Object.fromEntries(legs.map((leg) => [leg.account.externalId, leg.amount]))
}

describe('a completed refund', () => {
  test('gives the customer the whole, sums to zero, and takes of the merchant what the books have', () => {
    fc.assert(
      fc.property(GROSS, fc.bigInt({ min: -(10n ** 20n), max: 10n ** 30n }), (amount, available) => {
        const shares = returns(amount, available, sellerId)
        expect(Object.values(shares).reduce((sum, share) => sum + share, 0n)).toBe(0n)
        expect(shares['customers:qbitflow:USD']).toBe(amount)
        const taken = -(shares[`seller:${sellerId}:USD`] ?? 0n)
        expect(taken >= 0n && taken <= (available > 0n ? available : 0n)).toBe(true)
        expect(-(shares['world:USD'] ?? 0n)).toBe(amount - taken)
      }),
    )
  })

  test('leaves the fees of the payment where they are', () => {
    expect(returns(10_000n, 9_850n, null)).toEqual({
      'customers:qbitflow:USD': 10_000n,
      'organization:qbitflow:USD': -9_850n,
      'world:USD': -150n,
    })
  })

  test('books what the network took in its own coin, paid from outside', () => {
    expect(returns(100n, 100n, null, 7n)).toEqual({
      'customers:qbitflow:USD': 100n,
      'organization:qbitflow:USD': -100n,
      'world:ETH': -7n,
      'network-fees:qbitflow:ETH': 7n,
    })
    expect(returns(100n, 100n, null, 0n)).not.toHaveProperty('world:ETH')
  })
})

describe('a fee that is told after the money', () => {
  /** What each account gains by it, by its external id. */
  function takes(fee: bigint, fromSuspense: bigint, available: bigint, seller: string | null) {
    const told = { movementId: paymentId, provider: 'QBITFLOW', fee: money(fee, USD) }
    const { legs } = feeTold({ ...told, sellerId: seller, fromSuspense, available })
    return Object.fromEntries(legs.map((leg) => [leg.account.externalId.replace(/:USD$/, ''), leg.amount]))
  }

  const FEE = fc.bigInt({ min: 1n, max: 10n ** 30n })
  const ANY = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })

  test('sums to zero, and takes no more from the merchant than the books have', () => {
    const share = FEE.chain((fee) => fc.tuple(fc.constant(fee), fc.bigInt({ min: 0n, max: fee }), ANY))
    fc.assert(
      fc.property(share, fc.constantFrom(sellerId, null), ([fee, fromSuspense, available], seller) => {
        const shares = takes(fee, fromSuspense, available, seller)
        const merchant = shares[seller === null ? 'organization:qbitflow' : `seller:${seller}`] ?? 0n
        expect(Object.values(shares).reduce((sum, amount) => sum + amount, 0n)).toBe(0n)
        expect(shares['fees:qbitflow']).toBe(fee)
        expect(shares['suspense:qbitflow'] ?? 0n).toBe(-fromSuspense)
        expect(merchant).toBeLessThanOrEqual(0n)
        expect(-merchant).toBeLessThanOrEqual(available > 0n ? available : 0n)
        expect(shares.world ?? 0n).toBe(-fee + fromSuspense - merchant)
      }),
    )
  })
})

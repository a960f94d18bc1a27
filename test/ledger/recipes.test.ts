import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { paymentSettled } from '../../src/ledger/recipes.ts'

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

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COINS, coin } from '../../../src/sandbox/qbitflow/currencies.ts'
import { minUnitsFor, rateAt } from '../../../src/sandbox/qbitflow/rates.ts'
import { fillPlaceholders } from '../../../src/sandbox/qbitflow/session.ts'
import { centsOf, splitFees, usdFrom } from '../../../src/sandbox/qbitflow/usd.ts'
import { paymentUri } from '../../../src/sandbox/qbitflow/wallet.ts'

describe('amounts', () => {
  test('a price is kept as the decimal that the wire meant', () => {
    expect([99.99, 100, 0.1 + 0.2, 0.002, 1249.5].map(usdFrom)).toEqual(['99.99', '100', '0.3', '0.002', '1249.5'])
    expect([0.0000001, Number.POSITIVE_INFINITY, 2e9].map(usdFrom)).toEqual([undefined, undefined, undefined])
    expect([centsOf('99.99'), centsOf('0.005'), centsOf('0.015')]).toEqual([9999n, 0n, 2n])
  })

  test('fees and what is left add up to the amount', () => {
    const bps = fc.integer({ min: 0, max: 1_000 })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), bps, (amount, organizationBps) => {
        const { platform, organization, merchant } = splitFees(amount, 150, organizationBps)
        expect(platform + organization + merchant).toBe(amount)
        expect(platform >= 0n && organization >= 0n && merchant >= 0n).toBe(true)
      }),
    )
    expect(splitFees(9_999n, 150, 500)).toEqual({ platform: 150n, organization: 500n, merchant: 9_349n })
  })

  test('a rate is the same whenever it is asked for, and drifts slowly', () => {
    const at = new Date('2026-05-01T12:34:56Z')
    const minuteLater = new Date(at.getTime() + 60_000)
    for (const { symbol } of COINS) {
      const rate = rateAt(symbol, at, 'seed')
      expect(rateAt(symbol, at, 'seed')).toBe(rate)
      const moved = rateAt(symbol, minuteLater, 'seed') - rate
      expect((moved < 0n ? -moved : moved) * 500n < rate).toBe(true)
    }
    expect(rateAt('ETH', at, 'seed')).not.toBe(rateAt('ETH', at, 'another'))
  })

  test('a quote covers the price, by less than one of its last shown digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 11n }), fc.constantFrom(...COINS), (cents, chosen) => {
        const rate = rateAt(chosen.symbol, new Date('2026-05-01T12:00:00Z'), 'seed')
        const amount = minUnitsFor(cents, chosen, rate)
        const worth = (minUnits: bigint) => minUnits * rate
        const price = cents * 10n ** BigInt(chosen.decimals + 6)
        const step = 10n ** BigInt(chosen.decimals - chosen.quoteDecimals)
        expect(worth(amount) >= price).toBe(true)
        expect(worth(amount - step) < price).toBe(true)
        expect(amount % step).toBe(0n)
      }),
    )
  })

  test('a wallet is asked in the form of its chain', () => {
    expect(paymentUri(coin(1), '0xabc', 5n, '0.5')).toBe('ethereum:0xabc@11155111?value=5')
    expect(paymentUri(coin(8), '0xabc', 5n, '0.5')).toBe(
      `ethereum:${coin(8).address}@84532/transfer?address=0xabc&uint256=5`,
    )
    expect(paymentUri(coin(2), 'Sol', 5n, '0.5')).toBe('solana:Sol?amount=0.5')
    expect(paymentUri(coin(6), 'Sol', 5n, '0.5')).toBe(`solana:Sol?amount=0.5&spl-token=${coin(6).address}`)
  })

  test('placeholders are filled, and the at sign is encoded inside a query', () => {
    const session = { uuid: 'u', kind: 'payment' } as const
    expect(fillPlaceholders('https://x.test/{{UUID}}?id={{UUID}}&type={{TRANSACTION_TYPE}}', session)).toBe(
      'https://x.test/pay@u?id=pay%40u&type=payment',
    )
  })
})

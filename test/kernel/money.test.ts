import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, divideHalfEven, formatDecimal, parseDecimal, shareOf } from '../../src/kernel/money.ts'

const AMOUNT = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const WEIGHTS = fc
  .array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 12 })
  .filter((weights) => weights.some((weight) => weight > 0n))
const sum = (parts: readonly bigint[]) => parts.reduce((total, part) => total + part, 0n)
const magnitude = (value: bigint) => (value < 0n ? -value : value)

describe('allocate', () => {
  test('gives parts that add up to the amount, each within one unit of its fair share', () => {
    fc.assert(
      fc.property(AMOUNT, WEIGHTS, (amount, weights) => {
        const parts = allocate(amount, weights)
        const total = sum(weights)
        expect(sum(parts)).toBe(amount)
        parts.forEach((part, index) => {
          const error = part * total - amount * (weights[index] ?? 0n)
          expect(magnitude(error) < total).toBe(true)
        })
      }),
    )
  })

  test('gives nothing to a weight of nothing', () => {
    expect(allocate(100n, [0n, 1n, 0n])).toEqual([0n, 100n, 0n])
  })

  test('gives equal remainders to the earlier part', () => {
    expect(allocate(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n])
    expect(allocate(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n])
  })

  test('refuses weights that are no shares', () => {
    for (const weights of [[], [0n], [2n, -1n]]) expect(() => allocate(1n, weights)).toThrow('weights')
  })
})

describe('decimals', () => {
  test('are read as they were written, at every exponent', () => {
    for (const exponent of [0, 2, 6, 9, 18]) {
      fc.assert(
        fc.property(AMOUNT, (minor) => {
          const text = formatDecimal(minor, exponent)
          expect(parseDecimal(text, exponent)).toBe(minor)
          expect(text.split('.')[1]?.length ?? 0).toBe(exponent)
        }),
      )
    }
  })

  test('may have fewer digits than the exponent, or more that are zero, but never more that count', () => {
    expect(parseDecimal('1.5', 2)).toBe(150n)
    expect(parseDecimal('1.500', 2)).toBe(150n)
    expect(parseDecimal('-0.01', 2)).toBe(-1n)
    expect(parseDecimal('1.505', 2)).toBeUndefined()
    expect(parseDecimal('1.0', 0)).toBe(1n)
    expect(parseDecimal('1.1', 0)).toBeUndefined()
  })

  test('are nothing else', () => {
    for (const text of ['', ' ', '1.', '.5', '1,5', '1e3', '0x10', 'NaN', '--1', '1 ', '١', `1${'0'.repeat(40)}`]) {
      expect(parseDecimal(text, 2), text).toBeUndefined()
    }
  })
})

describe('rounding', () => {
  test('goes to the nearest, and half to even', () => {
    const halves = [-25n, -15n, -5n, 5n, 15n, 25n, 35n].map((tenths) => divideHalfEven(tenths, 10n))
    expect(halves).toEqual([-2n, -2n, 0n, 0n, 2n, 2n, 4n])
    expect(divideHalfEven(26n, 10n)).toBe(3n)
    expect(divideHalfEven(5n, -10n)).toBe(0n)
    expect(divideHalfEven(-15n, -10n)).toBe(2n)
    expect(() => divideHalfEven(1n, 0n)).toThrow('zero')
  })

  test('is never off by more than a half', () => {
    const DENOMINATOR = fc.bigInt({ min: 1n, max: 10n ** 9n })
    fc.assert(
      fc.property(AMOUNT, DENOMINATOR, (numerator, denominator) => {
        const error = divideHalfEven(numerator, denominator) * denominator - numerator
        expect(magnitude(error) * 2n <= denominator).toBe(true)
      }),
    )
  })

  test('of a share in basis points follows it', () => {
    expect([shareOf(1999n, 150), shareOf(100n, 50), shareOf(300n, 50), shareOf(10n ** 30n, 1)]).toEqual([
      30n,
      0n,
      2n,
      10n ** 26n,
    ])
  })
})

import { describe, expect, test } from 'vitest'
import {
  DEPTH_RULE,
  faultsIn,
  isExact,
  markInexactNumbers,
  NUMBER_RULE,
  parseJson,
  TEXT_RULE,
  TooDeep,
} from '../../src/kernel/json.ts'

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

describe('JSON from outside', () => {
  test('is read to 32 levels and refused above, however deep it is', () => {
    expect(parseJson(deep(32))).toBeInstanceOf(Array)
    for (const levels of [33, 5_000, 60_000]) expect(() => parseJson(deep(levels))).toThrow(TooDeep)
    expect(() => parseJson(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)).toThrow(TooDeep)
    expect(() => parseJson('[')).toThrow(SyntaxError)
  })

  test('keeps a key named __proto__ as a key, and changes nothing else', () => {
    expect(Object.keys(parseJson('{"__proto__":{"role":"OWNER"}}') as object)).toEqual(['__proto__'])
    expect(({} as { role?: string }).role).toBeUndefined()
  })

  test.each([
    ['a whole number beyond 2^53', { a: 2 ** 53 }, ['a'], NUMBER_RULE],
    ['a negative one', { a: [-(2 ** 53)] }, ['a', '0'], NUMBER_RULE],
    ['a number too large for a double', { a: Number('1e400') }, ['a'], NUMBER_RULE],
    ['a NUL', { a: { b: 'x\u0000' } }, ['a', 'b'], TEXT_RULE],
    ['half of a surrogate pair', { a: '\ud800' }, ['a'], TEXT_RULE],
    ['40 levels', { a: JSON.parse(deep(40)) }, ['a'], DEPTH_RULE],
  ])('with %s is told by its path', (_, value, path, message) => {
    expect(faultsIn(value)).toEqual([{ path, message }])
  })

  test.each([
    ['0.1234567890123456789', false],
    ['12345678901234567.5e-3', false],
    ['1e-400', false],
    ['9007199254740993', false],
    ['0.30000000000000004', true],
    ['12.500000000000000000', true],
    ['000', true],
    ['-1.5E+3', true],
    ['1e-7', true],
  ])('has the number %s exactly or not', (number, exact) => {
    expect(isExact(number)).toBe(exact)
  })

  test('has its inexact numbers marked, and no text or exact number changed', () => {
    const kept = '{"0.1234567890123456789":"1e-400 \\" 0.1234567890123456789","a":[1.50,-2e3]}'
    expect(markInexactNumbers(kept)).toBe(kept)
    expect(markInexactNumbers('{"a":[1.2345678901234567890,1.5]}')).toBe('{"a":[1e999,1.5]}')
    expect(markInexactNumbers('{"a":1.2345678901234567890')).toBe('{"a":1.2345678901234567890')
  })

  test('with a million quotes that lead nowhere is passed over quickly', () => {
    const text = `["${'\\"'.repeat(500_000)}`
    expect(markInexactNumbers(`${text}1.2345678901234567`)).toContain('1.2345678901234567')
    expect(markInexactNumbers(`${text}",1.2345678901234567890]`)).toMatch(/,1e999]$/)
  })

  test('that can be kept as it was sent has no faults', () => {
    expect(
      faultsIn({ a: [1, -2.5, 'é', true, null], b: Number.MAX_SAFE_INTEGER, at: new Date(), minor: 10n ** 30n }),
    ).toEqual([])
  })
})

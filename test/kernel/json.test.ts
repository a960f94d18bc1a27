import { describe, expect, test } from 'vitest'
import { DEPTH_RULE, faultsIn, NUMBER_RULE, parseJson, TEXT_RULE, TooDeep } from '../../src/kernel/json.ts'

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

  test('that can be kept as it was sent has no faults', () => {
    expect(
      faultsIn({ a: [1, -2.5, 'é', true, null], b: Number.MAX_SAFE_INTEGER, at: new Date(), minor: 10n ** 30n }),
    ).toEqual([])
  })
})

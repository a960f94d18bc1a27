import { describe, expect, test } from 'vitest'
import { FaultInput, happensAt, isAbout, numberOf, ruleFrom } from '../../src/sandbox/fault-rules.ts'

describe('the numbers of a seed', () => {
  test('are the same for the same place, and spread evenly', () => {
    const numbers = (seed: string) => Array.from({ length: 10_000 }, (_, index) => numberOf(seed, index + 1))
    const drawn = numbers('a')
    expect(drawn).toEqual(numbers('a'))
    expect(drawn).not.toEqual(numbers('b'))
    const below = (limit: number) => drawn.filter((number) => number < limit).length / drawn.length
    for (const limit of [0.1, 0.5, 0.9]) expect(Math.abs(below(limit) - limit)).toBeLessThan(0.02)
    expect(Math.min(...drawn) >= 0 && Math.max(...drawn) < 1).toBe(true)
  })

  test('decide when a rule strikes; one without a probability always does', () => {
    const turns = Array.from({ length: 1_000 }, (_, index) => happensAt({ probability: 0.25, seed: 's' }, index + 1))
    expect(Math.abs(turns.filter(Boolean).length - 250)).toBeLessThan(60)
    expect(happensAt({ probability: 1, seed: 's' }, 1)).toBe(true)
    expect(happensAt({}, 1)).toBe(true)
  })
})

test('an operation names the calls that it is about', () => {
  const cases: [string | undefined, string, boolean][] = [
    [undefined, 'GET /product', true],
    ['POST /product', 'POST /product', true],
    ['POST /product/', 'POST /product', true],
    ['POST /product', 'GET /product', false],
    ['POST /product', 'POST /product/1', false],
    ['* /product*', 'DELETE /product/1', true],
    ['GET /transaction/*', 'GET /transaction/payment/pay@1', true],
    ['GET /transaction/*', 'GET /product', false],
    ['GET /user/id/(.*)', 'GET /user/id/1', false],
    [undefined, 'POST /_sandbox/refunds/1/approve', false],
    ['* /*', 'POST /_sandbox/refunds/1/approve', false],
    ['POST /_sandbox/refunds/*', 'POST /_sandbox/refunds/1/approve', true],
    ['GET /customer/email/a.b@c.de', 'GET /customer/email/aXb@c.de', false],
  ]
  for (const [operation, call, expected] of cases) {
    expect([operation, call, isAbout({ operation }, call)]).toEqual([operation, call, expected])
  }
})

describe('a fault', () => {
  test('strikes once unless it says otherwise', () => {
    const kind = 'SERVER_ERROR'
    expect(ruleFrom('id', { kind })).toMatchObject({ times: 1, drawn: 0 })
    expect(ruleFrom('id', { kind, probability: 0.5 })).toMatchObject({ times: undefined, seed: 'id' })
    expect(ruleFrom('id', { kind, probability: 0.5, times: 3, seed: 's' })).toMatchObject({ times: 3, seed: 's' })
  })

  test('with fields that mean nothing for it is refused', () => {
    for (const wrong of [
      { kind: 'NONSENSE' },
      { kind: 'DELAY', delayMs: 0 },
      { kind: 'DELAY', delayMs: 60_001 },
      { kind: 'DELAY', retryAfter: 1 },
      { kind: 'SERVER_ERROR', delayMs: 1 },
      { kind: 'UNDERPAY', operation: 'GET /x' },
      { kind: 'SERVER_ERROR', operation: '/x' },
      { kind: 'SERVER_ERROR', times: 0 },
      { kind: 'SERVER_ERROR', probability: 1.1 },
      { kind: 'SERVER_ERROR', probability: 0 },
      { kind: 'SERVER_ERROR', seed: 's' },
    ]) {
      expect([wrong, FaultInput.safeParse(wrong).success]).toEqual([wrong, false])
    }
  })
})

import { describe, expect, test } from 'vitest'
import { attemptsFrom } from '../../src/checkouts/attempts.ts'

/** Events of a checkout with a step each, a second apart. */
function events(...steps: readonly [type: string, state: string][]) {
  return steps.map(([type, state], second) => ({
    type,
    payload: { status: { type: 'PAYMENT', state, final: false } },
    at: new Date(second * 1_000),
  }))
}

const statesOf = (...steps: readonly [string, string][]) =>
  attemptsFrom(events(...steps)).map(({ number, status }) => [number, status])

describe('the attempts at a checkout', () => {
  test('are none until somebody begins, also where the page expires', () => {
    expect(statesOf(['checkout.expired', 'EXPIRED'])).toEqual([])
  })

  test('begin with a first step and end with a last, each at its own time', () => {
    const told = events(['payment.created', 'CREATED'], ['payment.failed', 'FAILED'], ['payment.created', 'CREATED'])
    expect(attemptsFrom(told)).toMatchObject([
      { number: 1, status: 'FAILED', startedAt: new Date(0), endedAt: new Date(1_000) },
      { number: 2, status: 'CREATED', startedAt: new Date(2_000), endedAt: undefined },
    ])
  })

  test('are known by their ends alone, where no step of them was seen', () => {
    expect(
      statesOf(['payment.failed', 'FAILED'], ['payment.failed', 'FAILED'], ['payment.completed', 'COMPLETED']),
    ).toEqual([
      [1, 'FAILED'],
      [2, 'FAILED'],
      [3, 'COMPLETED'],
    ])
  })

  test('to pay the rest are further ones, whatever comes of them', () => {
    const rest = ['checkout.processing', 'WAITING_CONFIRMATION'] as [string, string]
    expect(
      statesOf(['payment.underpaid', 'UNDERPAID'], rest, ['checkout.attempt_failed', 'FAILED'], rest, [
        'payment.completed',
        'COMPLETED',
      ]),
    ).toEqual([
      [1, 'UNDERPAID'],
      [2, 'FAILED'],
      [3, 'COMPLETED'],
    ])
  })

  test('that are paid stay one, whatever more arrives or is given back', () => {
    const paid = ['payment.completed', 'COMPLETED'] as [string, string]
    expect(statesOf(paid, ['payment.overpaid', 'OVERPAID'], ['payment.refunded', 'REFUNDED'])).toEqual([
      [1, 'OVERPAID'],
    ])
  })
})

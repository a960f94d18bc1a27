import { describe, expect, test } from 'vitest'
import { addUnits, costOf } from '../../../src/sandbox/qbitflow/subscriptions/billing.ts'
import { after, type Duration, secondsOf } from '../../../src/sandbox/qbitflow/subscriptions/duration.ts'

const dates = (anchor: string, duration: Duration, ...times: number[]) =>
  times.map((count) => after(new Date(anchor), duration, count).toISOString())

describe('a duration', () => {
  test('is a fixed time, also in months of 30 days and in years of 365', () => {
    expect(dates('2027-12-31T23:59:59.999Z', { value: 1, unit: 'months' }, 0, 1, 2, 12)).toEqual([
      '2027-12-31T23:59:59.999Z',
      '2028-01-30T23:59:59.999Z',
      '2028-02-29T23:59:59.999Z',
      '2028-12-25T23:59:59.999Z',
    ])
    expect(dates('2028-02-29T12:00:00.000Z', { value: 1, unit: 'years' }, 1)).toEqual(['2029-02-28T12:00:00.000Z'])
    expect(dates('2027-03-27T12:00:00.000Z', { value: 2, unit: 'weeks' }, 1, 2)).toEqual([
      '2027-04-10T12:00:00.000Z',
      '2027-04-24T12:00:00.000Z',
    ])
    expect(dates('2027-03-27T12:00:00.000Z', { value: 90, unit: 'minutes' }, 1)).toEqual(['2027-03-27T13:30:00.000Z'])
  })

  test('that ends after the last date is the last date', () => {
    const end = ['9999-12-31T00:00:00.000Z']
    expect(dates('2027-01-01T00:00:00.000Z', { value: 100, unit: 'years' }, 10_000)).toEqual(end)
    expect(dates('2027-01-01T00:00:00.000Z', { value: 5_000, unit: 'weeks' }, 10_000)).toEqual(end)
  })

  test('has 30 days in a month and 365 in a year on the wire', () => {
    expect(secondsOf({ value: 1, unit: 'months' })).toBe(2_592_000)
    expect(secondsOf({ value: 1, unit: 'years' })).toBe(31_536_000)
  })
})

describe('usage', () => {
  test.each([
    ['0', '0.000001', 0n],
    ['1.5', '0.01', 2n],
    ['2.5', '0.01', 2n],
    ['3', '0.333333', 100n],
    ['1000000000', '999999.999999', 99_999_999_999_900_000n],
  ])('of %s units at %s USD costs %d cents', (units, price, cents) => {
    expect(costOf(units, price)).toBe(cents)
  })

  test('adds up exactly', () => {
    expect(addUnits('0.1', '0.2')).toBe('0.3')
    expect(addUnits('0', '0')).toBe('0')
    expect(addUnits('99', '1')).toBe('100')
    expect(addUnits('999999999.999999', '0.000001')).toBe('1000000000')
  })
})

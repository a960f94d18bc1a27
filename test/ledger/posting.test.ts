import { expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { customersOf, feesOf, organizationOf } from '../../src/ledger/account.ts'
import { assertBalanced, type Leg, posting } from '../../src/ledger/posting.ts'

const [USD, EUR] = [currency('USD'), currency('EUR')]
const cause = { kind: 'Payment', id: newId() } as const
const from = (amount: bigint, unit = USD): Leg => ({ account: customersOf('QBITFLOW', unit), amount })
const to = (amount: bigint, unit = USD): Leg => ({ account: organizationOf('QBITFLOW', unit), amount })

test('a posting that does not sum to zero is a bug', () => {
  expect(() => posting('test', cause, [from(-100n), to(99n)])).toThrow('out of balance by -1 USD')
  expect(() => assertBalanced([{ currency: 'USD', amount: 1n }])).toThrow('out of balance by 1 USD')
  expect(() => assertBalanced([])).not.toThrow()
})

test('a posting sums to zero in each currency, not over them', () => {
  expect(() => posting('test', cause, [from(-100n), to(100n, EUR)])).toThrow('out of balance')
  expect(() => posting('test', cause, [from(-100n), to(100n), from(-7n, EUR), to(7n, EUR)])).not.toThrow()
})

test('a posting needs two legs', () => {
  expect(() => posting('test', cause, [from(-100n)])).toThrow('two legs')
  expect(() => posting('test', cause, [from(0n), to(0n)])).toThrow('two legs')
})

test('legs of nothing are left out', () => {
  const { legs } = posting('test', cause, [from(-5n), { account: feesOf('QBITFLOW', USD), amount: 0n }, to(5n)])
  expect(legs.map((leg) => leg.amount)).toEqual([-5n, 5n])
})

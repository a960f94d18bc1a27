import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { retryStage } from './retry-stage.ts'

/**
 * Attempts to pay that fail, and what a shop does about them, over HTTP. The page of QBITFLOW can be paid again after one;
 * that of MADE_UP is closed by it, so that another page is opened.
 */

const { gateway, create, retry, play, cancel, open, read, comesTo, expectProven } = retryStage()

const failure = (code: string, retryable: boolean) => ({ code, message: expect.any(String), retryable })

test('an attempt that fails leaves the checkout open, and the customer pays on the same page', async () => {
  const { id, url } = await open('QBITFLOW')
  await play(id, 'FAIL')
  const failed = await comesTo(id, 'OPEN', 1, 'FAILED')
  expect(failed).toMatchObject({ url, payment: { status: 'FAILED' }, reason: expect.stringContaining('reverted') })
  expect(failed.attempts).toMatchObject([{ number: 1, failure: failure('TRANSACTION_FAILED', true) }])
  expect(failed.timeline.map(({ type }) => type)).toContain('checkout.attempt_failed')
  expect(await retry(id)).toMatchObject({ checkout: { status: 'OPEN', url }, userErrors: [] })
  await play(id, 'FAIL')
  await comesTo(id, 'OPEN', 2, 'FAILED')
  await play(id, 'PAY')
  const paid = await comesTo(id, 'COMPLETED', 3, 'COMPLETED')
  expect(paid).toMatchObject({ reason: null, payment: { status: 'COMPLETED', amount: { amount: '19.99' } } })
  expect(paid.attempts.map((each) => [each.number, each.status, each.failure?.retryable])).toEqual([
    [1, 'FAILED', false],
    [2, 'FAILED', false],
    [3, 'COMPLETED', undefined],
  ])
  expect(paid.attempts.every(({ endedAt }) => endedAt !== null)).toBe(true)
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['id'] }])
  await expectProven()
})

test('a customer who pays while the attempt before is still under way is told to wait for it', async () => {
  const { id } = await open('QBITFLOW')
  expect((await play(id, 'UNDERPAY')).userErrors).toEqual([])
  const message = 'The attempt before is still under way: try again in a moment'
  expect((await play(id, 'PAY')).userErrors).toEqual([{ code: 'INVALID_STATE', field: ['checkoutId'], message }])
})

test('after too little money the rest is paid on the same page, also when an attempt to do so fails', async () => {
  const { id } = await open('QBITFLOW')
  await play(id, 'UNDERPAY')
  const short = await comesTo(id, 'OPEN', 1, 'UNDERPAID')
  expect(short.attempts).toMatchObject([{ failure: failure('UNDERPAID', true) }])
  await play(id, 'FAIL')
  const failed = await comesTo(id, 'OPEN', 2, 'FAILED')
  expect(failed.payment).toMatchObject({
    status: 'UNDERPAID',
    amount: { amount: '17.99' },
    suspense: { amount: '17.72' },
  })
  await play(id, 'PAY')
  const paid = await comesTo(id, 'COMPLETED', 3, 'COMPLETED')
  expect(paid.payment).toMatchObject({ status: 'COMPLETED', amount: { amount: '19.99' }, suspense: { amount: '0.00' } })
  await expectProven()
})

test('where a failed attempt closes the page, a retry opens another one for the same checkout', async () => {
  const { id, url } = await open('MADE_UP')
  await play(id, 'FAIL')
  const failed = await comesTo(id, 'OPEN', 1, 'FAILED')
  expect(failed).toMatchObject({
    payment: { status: 'FAILED' },
    attempts: [{ failure: failure('TRANSACTION_FAILED', true) }],
  })
  const both = await Promise.all([retry(id, { idempotencyKey: `r ${id}` }), retry(id, { idempotencyKey: `r ${id}` })])
  expect(both.flatMap(({ userErrors }) => userErrors)).toEqual([])
  expect(new Set(both.map(({ checkout }) => checkout?.url)).size).toBe(1)
  const again = await read(id)
  expect(again).toMatchObject({ id, status: 'OPEN', reason: null })
  expect(again.url).not.toBe(url)
  await play(id, 'PAY')
  const paid = await comesTo(id, 'COMPLETED', 2, 'COMPLETED')
  expect(paid.payment).toMatchObject({ status: 'COMPLETED', amount: { amount: '1000' } })
  expect(paid.timeline.map(({ type }) => type).filter((type) => type.startsWith('checkout.'))).toEqual([
    ...['checkout.created', 'checkout.opened', 'checkout.attempt_failed', 'checkout.reopened', 'checkout.opened'],
    'checkout.completed',
  ])
  await expectProven()
})

describe.each(['QBITFLOW', 'MADE_UP'] as const)('a checkout of %s that has ended', (provider) => {
  test.each([
    ['EXPIRE', 'EXPIRED'],
    ['CANCEL', 'CANCELLED'],
  ])('by %s has a way on under the key of its order', async (outcome, status) => {
    const idempotencyKey = randomUUID()
    const { id, url } = await open(provider, { idempotencyKey })
    await play(id, outcome)
    await eventually(async () => (await read(id)).status === status, 60_000)
    const repeated = await create(provider, { idempotencyKey })
    expect(repeated).toMatchObject({ replayed: true, checkout: { id, status }, userErrors: [] })
    const { checkout, userErrors } = await retry(id)
    expect([checkout?.id, checkout?.status, userErrors]).toEqual([id, 'OPEN', []])
    expect(checkout?.url).not.toBe(url)
    expect(await create(provider, { idempotencyKey })).toMatchObject({
      replayed: true,
      checkout: { id, status: 'OPEN' },
    })
    await play(id, 'PAY')
    const paid = await comesTo(id, 'COMPLETED', 1, 'COMPLETED')
    expect(paid.payment?.status).toBe('COMPLETED')
    await expectProven()
  })
})

describe('a time to pay that is wished for', () => {
  test('ends the checkout at that moment, and is the same again when it is retried', async () => {
    const { id, expiresAt } = await open('QBITFLOW', { expiresIn: { value: 20, unit: 'MINUTES' } })
    const minutes = (Date.parse(expiresAt) - Date.now()) / 60_000
    expect([minutes > 18, minutes < 21]).toEqual([true, true])
    await play(id, 'FAIL')
    await comesTo(id, 'OPEN', 1, 'FAILED')
    const advance =
      'mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) { userErrors { code } } }'
    await gateway().api.change(advance, { by: { value: 25, unit: 'MINUTES' } })
    const ended = await eventually(async () => {
      const found = await read(id)
      return found.status === 'EXPIRED' && found
    }, 60_000)
    expect(ended).toMatchObject({
      payment: { status: 'FAILED' },
      attempts: [{ status: 'FAILED', failure: failure('TRANSACTION_FAILED', false) }],
    })
    const { checkout } = await retry(id)
    expect(checkout?.status).toBe('OPEN')
    expect(Date.parse(checkout?.expiresAt ?? '') - Date.parse(expiresAt)).toBeGreaterThan(20 * 60_000)
  })

  test.each([
    ['too short', { value: 9, unit: 'MINUTES' }],
    ['longer than pages are open', { value: 25, unit: 'HOURS' }],
    ['none', { value: 0, unit: 'HOURS' }],
    ['negative', { value: -1, unit: 'DAYS' }],
  ])('is refused where it is %s', async (_, expiresIn) => {
    const { userErrors } = await create('QBITFLOW', { expiresIn })
    expect(userErrors).toMatchObject([{ code: 'OUT_OF_RANGE' }])
    expect(userErrors[0]?.field?.[0]).toBe('expiresIn')
  })
})

test('a checkout whose money was refunded is not retried', async () => {
  const { id } = await open('QBITFLOW')
  await play(id, 'UNDERPAY')
  await comesTo(id, 'OPEN', 1, 'UNDERPAID')
  expect(await retry(id)).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
  const { prisma } = gateway().app.db
  const where = { checkoutId: decodeId(id)?.uuid ?? '' }
  for (const [refundedMinor, words] of [
    ['100', 'acceptPayment'],
    ['1799', 'create another checkout'],
  ] as const) {
    const status = refundedMinor === '1799' ? ('REFUNDED' as const) : ('UNDERPAID' as const)
    await prisma.payment.updateMany({ where, data: { refundedMinor, status } })
    const { checkout, userErrors } = await retry(id)
    expect([checkout, userErrors[0]?.code]).toEqual([null, 'INVALID_STATE'])
    expect(userErrors[0]?.message).toContain(words)
  }
  await prisma.payment.updateMany({ where, data: { refundedMinor: '0', status: 'UNDERPAID' } })
})

test('a checkout with a reference of its own does not stand in its own way when it is retried', async () => {
  const unique =
    'mutation ($input: SetUniqueReferencesInput!) { setUniqueReferences(input: $input) { userErrors { code } } }'
  await gateway().api.change(unique, { unique: true })
  const { id } = await open('QBITFLOW', { reference: `order ${randomUUID()}` })
  await play(id, 'UNDERPAY')
  await comesTo(id, 'OPEN', 1, 'UNDERPAID')
  await cancel(id)
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['id'] }])
  await gateway().api.change(unique, { unique: false })
})

test('a retry names what it cannot do', async () => {
  const short = await open('MADE_UP')
  await play(short.id, 'UNDERPAY')
  await comesTo(short.id, 'OPEN', 1, 'UNDERPAID')
  const refused = await retry(short.id)
  expect(refused).toMatchObject({ checkout: null, userErrors: [{ code: 'INVALID_STATE', field: ['id'] }] })
  expect(refused.userErrors[0]?.message).toContain('acceptPayment')
  for (const id of ['chk_x', 'prod_01jdvwxyz0000000000000000a']) {
    expect((await retry(id)).userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['id'] }])
  }
  const { id, url } = await open('QBITFLOW')
  expect(await retry(id)).toMatchObject({ checkout: { url, attempts: [] }, userErrors: [] })
})

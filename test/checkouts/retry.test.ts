import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { ADA, ITEM } from '../support/shop.ts'

/**
 * Attempts to pay that fail, and what a shop does about them, over HTTP. The page of QBITFLOW can be paid again after one;
 * that of MADE_UP is closed by it, so that another page is opened.
 */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
})
afterAll(() => gateway.stop())

const PRICES = {
  QBITFLOW: ITEM.price,
  MADE_UP: { amount: '1000', currency: 'JPY' },
} as const
type Name = keyof typeof PRICES

const FIELDS = `id status url reason expiresAt payment { status amount { amount } suspense { amount } }
  attempts { number status failure { code message retryable } startedAt endedAt } timeline { type }`

interface Checkout {
  readonly id: string
  readonly status: string
  readonly url: string | null
  readonly reason: string | null
  readonly expiresAt: string
  readonly payment: { readonly status: string; readonly amount: { readonly amount: string } } | null
  readonly attempts: readonly {
    readonly number: number
    readonly status: string
    readonly failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | null
    readonly endedAt: string | null
  }[]
  readonly timeline: readonly { readonly type: string }[]
}

interface Answer {
  readonly checkout: Checkout | null
  readonly replayed: boolean
  readonly userErrors: readonly { readonly code: string; readonly field: string[] | null; readonly message: string }[]
}

async function ask(name: string, type: string, input: object): Promise<Answer> {
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) {
    checkout { ${FIELDS} } replayed userErrors { code field message } } }`
  return (await gateway.api.ask<Record<string, Answer>>(query, { input }))[name] as Answer
}

const create = (provider: Name, more: object = {}) =>
  ask('createCheckout', 'CreateCheckoutInput', {
    idempotencyKey: randomUUID(),
    kind: 'PAYMENT',
    provider,
    item: { ...ITEM, price: PRICES[provider] },
    ...more,
  })
const retry = (id: string, more: object = {}) => ask('retryCheckout', 'RetryCheckoutInput', { id, ...more })
const play = (id: string, outcome: string) =>
  ask('simulateCheckout', 'SimulateCheckoutInput', { checkoutId: id, outcome, customer: ADA })

const CANCEL = 'mutation ($input: CancelCheckoutInput!) { cancelCheckout(input: $input) { userErrors { code } } }'
const cancel = (id: string) => gateway.api.change(CANCEL, { id })

/** What a customer does who has a page of QBITFLOW before them, whatever has become of its checkout here. */
async function playPage(session: string | null, outcome = 'PAY'): Promise<void> {
  const page = `${gateway.url}/sandbox/qbitflow/checkout/${session}`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ ...ADA, currencyId: '1' }).toString()
  await fetch(page, { method: 'POST', headers, body, redirect: 'manual' })
  const played = await fetch(`${page}/play`, {
    method: 'POST',
    headers,
    body: `outcome=${outcome}`,
    redirect: 'manual',
  })
  expect(played.status).toBe(303)
}

const rowOf = (id: string) =>
  gateway.app.db.prisma.checkout.findFirstOrThrow({ where: { id: decodeId(id)?.uuid ?? '' } })

/** A checkout of QBITFLOW that was cancelled and retried, and what the provider calls both of its pages. */
async function openTwice(more: object = {}) {
  const { id } = await open('QBITFLOW', more)
  const first = (await rowOf(id)).externalId ?? ''
  await cancel(id)
  expect(await retry(id)).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
  return { id, first, second: (await rowOf(id)).externalId ?? '' }
}

async function open(provider: Name, more: object = {}): Promise<Checkout> {
  const { checkout, userErrors } = await create(provider, more)
  expect(userErrors).toEqual([])
  if (!checkout) throw new Error('there is no checkout')
  return checkout
}

async function read(id: string): Promise<Checkout> {
  const query = `query ($id: ID!) { checkout(by: { id: $id }) { ${FIELDS} } }`
  return (await gateway.api.ask<{ checkout: Checkout }>(query, { id })).checkout
}

/** The checkout once it is in a status with so many attempts, the last of which is in a state. */
function comesTo(id: string, status: string, attempts: number, state: string): Promise<Checkout> {
  return eventually(async () => {
    const found = await read(id)
    const last = found.attempts.at(-1)
    return found.status === status && found.attempts.length === attempts && last?.status === state && found
  }, 60_000)
}

/** Checkouts over which a customer subscribed twice, which is told as a contradiction. */
const twice: string[] = []

async function expectProven(): Promise<void> {
  const { ledger } = await gateway.api.ask<{ ledger: object }>('{ ledger { proof { balanced breaks { message } } } }')
  expect(ledger).toEqual({ proof: { balanced: true, breaks: [] } })
  const where = { type: { endsWith: '.contradicted' }, entityId: { notIn: twice } }
  expect(await gateway.app.db.prisma.event.findMany({ where })).toEqual([])
}

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

test('money that comes over the earlier page pays the checkout, and a second payment is kept apart', async () => {
  const { id } = await open('QBITFLOW')
  const uuid = decodeId(id)?.uuid ?? ''
  const { prisma } = gateway.app.db
  const first = await prisma.checkout.findFirstOrThrow({ where: { id: uuid } })
  await cancel(id)
  const { checkout } = await retry(id)
  expect(checkout?.status).toBe('OPEN')
  // The customer still has the first page before them, of which the provider knows no cancellation.
  await playPage(first.externalId)
  const paid = await comesTo(id, 'COMPLETED', 1, 'COMPLETED')
  expect(paid.payment).toMatchObject({ status: 'COMPLETED', amount: { amount: '19.99' } })
  const second = await prisma.checkout.findFirstOrThrow({ where: { id: uuid } })
  expect(second.session).toBe(2)
  await playPage(second.externalId)
  const kept = await eventually(async () => {
    const where = { externalId: second.externalId ?? '' }
    return (await prisma.payment.findFirst({ where })) ?? false
  }, 60_000)
  expect(kept).toMatchObject({ checkoutId: null, amountMinor: 1999n, suspenseMinor: 1969n })
  expect(await read(id)).toMatchObject({ status: 'COMPLETED', payment: { amount: { amount: '19.99' } } })
  await expectProven()
})

test('a subscription that begins on the earlier page is that of the checkout', async () => {
  const { id, first } = await openTwice({ kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' } })
  await playPage(first)
  const begun = await eventually(async () => {
    const where = { checkoutId: decodeId(id)?.uuid ?? '' }
    return (await gateway.app.db.prisma.subscription.findFirst({ where })) ?? false
  }, 60_000)
  expect(begun.externalId).toBe(first)
  expect(await read(id)).toMatchObject({ status: 'COMPLETED', reason: null })
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE' }])
  await expectProven()
})

test('what a second subscription over another page bills is kept as money that was not asked for, and told', async () => {
  const { id, first, second } = await openTwice({ kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' } })
  const { prisma } = gateway.app.db
  const checkoutId = decodeId(id)?.uuid ?? ''
  twice.push(checkoutId)
  await playPage(first)
  await eventually(async () => (await read(id)).status === 'COMPLETED', 60_000)
  await playPage(second)
  const told = await eventually(async () => {
    const where = { entityId: checkoutId, type: 'checkout.contradicted' }
    return (await prisma.event.findFirst({ where })) ?? false
  }, 60_000)
  expect(JSON.stringify(told.payload)).toContain(second)
  const kept = await eventually(async () => {
    const where = { source: 'SUBSCRIPTION' as const, checkoutId: null, billingId: null }
    return (await prisma.payment.findFirst({ where })) ?? false
  }, 60_000)
  expect(kept).toMatchObject({ amountMinor: 1999n, status: 'COMPLETED' })
  expect(kept.suspenseMinor).toBeGreaterThan(0n)
  expect(await prisma.subscription.findMany({ where: { checkoutId } })).toMatchObject([{ externalId: first }])
  await expectProven()
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
    await gateway.api.change(advance, { by: { value: 25, unit: 'MINUTES' } })
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
  const { prisma } = gateway.app.db
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
  await gateway.api.change(unique, { unique: true })
  const { id } = await open('QBITFLOW', { reference: `order ${randomUUID()}` })
  await play(id, 'UNDERPAY')
  await comesTo(id, 'OPEN', 1, 'UNDERPAID')
  await cancel(id)
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['id'] }])
  await gateway.api.change(unique, { unique: false })
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

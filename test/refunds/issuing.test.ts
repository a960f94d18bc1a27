import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PaymentRow, RefundRow } from '../../src/db/rows.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import type { ProviderRow } from '../../src/providers/providers.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { call, eventually, type TestApp, testApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { look } from '../support/look.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'

/** Refunds that the merchant issues at a provider which shows them late, and who may issue which. */

const clock = turnableClock()
let house: TestApp
let owner: Actor
/** How many more questions about a refund the provider answers as if it did not have it. */
let lateAnswers = 0
/** How many more refunds it makes without answering. */
let lostAnswers = 0

/** The provider of the tests, with a delay between what it does and what it shows. */
const LATE: ProviderRow = {
  ...MADE_UP,
  openSimulator(parts) {
    const simulator = MADE_UP.openSimulator?.(parts)
    if (!simulator) throw new Error('the provider has no simulator')
    return {
      ...simulator,
      async fetch(request) {
        const { pathname } = new URL(request.url)
        const answer = await simulator.fetch(request)
        if (pathname.endsWith('/refunds/create') && lostAnswers-- > 0) throw new TypeError('the connection was closed')
        if (pathname.endsWith('/refunds/query') && lateAnswers-- > 0) {
          return Response.json({ code: 'NOT_FOUND', message: 'there is no such refund', data: null })
        }
        // Its list shows for a while longer that the money is on its way.
        if (!pathname.endsWith('/refunds/list')) return answer
        return new Response((await answer.text()).replaceAll('"DONE"', '"PENDING"'), answer)
      },
    }
  },
}

beforeAll(async () => {
  house = await testApp({ clock, providers: { ...PROVIDERS, MADE_UP: LATE } })
  owner = await house.actor()
  // No notification tells what the provider does not show.
  await house.app.faults.inject(call(owner), { provider: 'MADE_UP', kind: 'WRONG_SIGNATURE', times: 1_000 })
})
afterAll(() => house.close())

async function work(seconds: number): Promise<void> {
  clock.turn({ seconds })
  for (const { run } of house.app.schedules) await run()
}

async function paid(actor: Actor): Promise<PaymentRow> {
  const { app } = house
  const item = { ...ITEM, price: { amount: '1000', currency: 'JPY' } }
  const { id } = await app.checkouts.create(call(actor), { kind: 'PAYMENT', provider: 'MADE_UP', item })
  await app.checkouts.simulate(call(actor), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA })
  return eventually(async () => {
    await work(2)
    return app.db.prisma.payment.findFirst({ where: { checkoutId: id, status: 'COMPLETED' } })
  })
}

function create(actor: Actor, { id }: Pick<PaymentRow, 'id'>, key = newId(), part = {}): Promise<Done> {
  const input = { paymentId: encodeId('Payment', id), reason: 'It broke', ...part }
  return house.app.refunds.create(call(actor, key, input), input)
}

function reaches({ id }: Pick<Done, 'id'>, status: string): Promise<RefundRow> {
  return eventually(async () => {
    await work(21)
    return house.app.db.prisma.refund.findFirst({ where: { id, status: status as RefundRow['status'] } })
  })
}

// The second attempt is refused because of the first: nothing is left of the payment.
test.each([
  ['before the second attempt', 1, [], []],
  [
    'after the second attempt is refused either',
    2,
    [{ code: 'PROVIDER_REFUSED', facts: { retryable: false } }],
    ['refund.failed'],
  ],
])('a refund that the provider made and does not show %s is booked once', async (_, late, problems, failed) => {
  const { app } = house
  const payment = await paid(owner)
  const key = newId()
  lostAnswers = 1
  const done = await create(owner, payment, key)
  expect(done.problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
  lateAnswers = late
  const again = await create(owner, payment, key)
  expect(again).toMatchObject({ id: done.id, replayed: true, problems })
  const refund = await reaches(done, 'COMPLETED')
  expect(refund).toMatchObject({ failureMessage: null, retryable: null, externalId: expect.stringMatching(/^R/) })
  expect(await app.db.prisma.refund.count({ where: { paymentId: payment.id } })).toBe(1)
  expect(await app.db.prisma.ledgerTransaction.count({ where: { causeId: refund.id } })).toBe(1)
  const events = await app.db.prisma.event.findMany({ where: { entityId: refund.id }, orderBy: { sequence: 'asc' } })
  const found = ['refund.processing', 'refund.completed']
  expect(events.map(({ type }) => type)).toEqual(['refund.processing', 'refund.unknown', ...failed, ...found])
  expect(await app.ledger.proof(owner.tenantId)).toMatchObject({ balanced: true, breaks: [] })
})

test('what was asked for at the same moment is taken from a payment one after the other', async () => {
  const { app, databaseUrl } = house
  const payment = await paid(owner)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT FROM payment WHERE id = $1 FOR UPDATE', [payment.id])
    const part = { amount: { amount: '400', currency: 'JPY' } }
    const wishes = [1, 2, 3].map(() => create(owner, payment, newId(), part).then(() => 'issued', String))
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await eventually(async () => (await look(databaseUrl, waiting)).length === wishes.length)
    await client.query('ROLLBACK')
    const tooMuch = expect.stringContaining('must be at most 200 JPY')
    expect((await Promise.all(wishes)).sort().reverse()).toEqual(['issued', 'issued', tooMuch])
  } finally {
    await client.end()
  }
  const refunds = await app.db.prisma.refund.findMany({ where: { paymentId: payment.id } })
  expect(refunds.map(({ amountMinor }) => amountMinor)).toEqual([400n, 400n])
  for (const refund of refunds) await reaches(refund, 'COMPLETED')
  expect(await app.ledger.proof(owner.tenantId)).toMatchObject({ balanced: true, breaks: [] })
})

test('a refund is issued by whose payment it is, and by nobody else', async () => {
  const { app } = house
  const seller = async (name: string): Promise<Actor> => {
    const user = { tenantId: owner.tenantId, id: newId(), name, lastName: 'Seller', email: `${name}@shop.example` }
    await app.db.prisma.user.create({ data: { ...user, role: 'USER', organizationFeeBps: 0 } })
    return { ...owner, role: 'USER', userId: user.id }
  }
  const [ann, ben, stranger] = [await seller('ann'), await seller('ben'), await newTenant(app.db)]
  await app.connectSandboxes()
  const payment = await paid(ann)
  for (const other of [ben, stranger]) await expect(create(other, payment)).rejects.toThrow('Payment not found')
  await expect(create(owner, { id: newId() })).rejects.toThrow('Payment not found')
  expect(await app.db.prisma.refund.count({ where: { paymentId: payment.id } })).toBe(0)
  const refund = await reaches(await create(ann, payment), 'COMPLETED')
  expect(refund).toMatchObject({ userId: ann.userId, issued: true })
})

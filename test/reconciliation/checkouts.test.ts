import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call, openApp } from '../support/app.ts'
import { ITEM, openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireTo, wireToHost } from '../support/wire.ts'

let shop: Shop
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(async () => {
  // Each test has only its own checkouts to ask about.
  await shop.app.db.prisma.checkout.updateMany({ data: { nextCheckAt: null } })
  await wire.close()
})
afterAll(() => shop.close())

const STATUS = '/transaction/status'
const SESSION = '/transaction/session-checkout'
const update = (id: string, data: object) =>
  shop.app.db.prisma.checkout.update({ where: { tenantId_id: { tenantId: shop.owner.tenantId, id } }, data })
/** Lets so much time pass in steps of five seconds, looking at each; answers how often the provider was asked. */
async function asked(minutes: number, path = STATUS): Promise<number> {
  const before = wire.requests.filter((request) => request.path.startsWith(path)).length
  for (let step = 0; step < minutes * 12; step++) {
    shop.clock.turn({ seconds: 5 })
    await shop.app.reconciliation.resolveDue()
  }
  return wire.requests.filter((request) => request.path.startsWith(path)).length - before
}

describe('a payment whose notifications were all lost', () => {
  test('settles by asking, once', async () => {
    const { id } = await shop.open()
    await shop.play(id, 'PAY')
    expect(await shop.payment(id)).toBeNull()
    await shop.poll()
    const payment = await shop.reaches(id, 'COMPLETED')
    await shop.poll()
    expect(await shop.app.db.prisma.ledgerTransaction.count({ where: { causeId: payment.id } })).toBe(1)
    expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED', nextCheckAt: null })
    expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  })

  test('fails or expires by asking', async () => {
    const [failed, expired] = [await shop.open(), await shop.open()]
    await shop.play(failed.id, 'FAIL')
    await shop.play(expired.id, 'EXPIRE')
    await shop.poll()
    expect(await shop.checkout(failed.id)).toMatchObject({
      status: 'OPEN',
      reason: expect.stringContaining('reverted'),
    })
    expect(await shop.checkout(expired.id)).toMatchObject({ status: 'EXPIRED', nextCheckAt: null })
  })
})

describe('a checkout whose opening', () => {
  test('died with its process is opened by whoever comes next', async () => {
    const { id } = await shop.open()
    await update(id, { status: 'OPENING', externalId: null, url: null })
    expect(await shop.app.reconciliation.resolveDue()).toBe(0)
    await shop.poll()
    const checkout = await shop.checkout(id)
    expect(checkout).toMatchObject({ status: 'OPEN' })
    expect(checkout.url).toContain(checkout.externalId)
    await shop.play(id, 'PAY')
    await shop.poll()
    await shop.reaches(id, 'COMPLETED')
  })

  test('has no answer stays UNKNOWN while the provider is away, asked less and less often, and opens when it is back', async () => {
    wire.fault = ({ path }) => (path.startsWith(SESSION) ? 'answer lost' : undefined)
    const { id } = await shop.open()
    const soon = await asked(5, SESSION)
    expect(await shop.checkout(id)).toMatchObject({ status: 'UNKNOWN' })
    const later = await asked(5, SESSION)
    expect(soon).toBeGreaterThan(2)
    expect(later).toBeLessThan(soon)
    wire.fault = undefined
    await asked(30, SESSION)
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN', reason: null })
    expect(await shop.announced(id)).toEqual(['checkout.created', 'checkout.unknown', 'checkout.opened'])
  })

  test('is in doubt and was cancelled is not opened any more', async () => {
    wire.fault = ({ path }) => (path.startsWith(SESSION) ? 'answer lost' : undefined)
    const { id } = await shop.open()
    await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
    wire.fault = undefined
    expect(await asked(10, SESSION)).toBe(0)
    expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', url: null })
  })
})

describe('a question without an answer', () => {
  test.each([
    ['fails', { status: 503 }],
    ['is away', 'lost on the way'],
    ['breaks off', 'answer cut off'],
    ['talks nonsense', 'answer garbled'],
    ['does not know our key any more', { status: 401 }],
  ] as const)('stays open while the provider %s, and is asked again', async (_, fault) => {
    const { id } = await shop.open()
    await shop.play(id, 'PAY')
    wire.fault = () => fault
    await shop.poll()
    await asked(1)
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
    wire.fault = undefined
    await asked(10)
    await shop.reaches(id, 'COMPLETED')
  })

  test('about the payment itself leaves nothing half done', async () => {
    const { id } = await shop.open()
    await shop.play(id, 'PAY')
    wire.fault = ({ path }) => (path.startsWith('/transaction/payment') ? { status: 500 } : undefined)
    await shop.poll()
    expect(await shop.payment(id)).toBeNull()
    wire.fault = undefined
    await asked(5)
    await shop.reaches(id, 'COMPLETED')
    expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  })

  test('is no expiry: a link whose end has come is only EXPIRED when the provider says nobody paid', async () => {
    const { id } = await shop.open()
    wire.fault = () => ({ status: 503 })
    await shop.pass({ hours: 25 })
    await shop.app.reconciliation.resolveDue()
    await asked(5)
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
    wire.fault = undefined
    await asked(60)
    expect(await shop.checkout(id)).toMatchObject({ status: 'EXPIRED' })
  })
})

describe('how often the provider is asked', () => {
  test('falls with time while nothing happens, and once more when the link expires', async () => {
    const { id } = await shop.open()
    const [first, second] = [await asked(10), await asked(10)]
    expect(first).toBeGreaterThan(second)
    await update(id, { checks: 12 })
    const { expiresAt, nextCheckAt } = await shop.checkout(id)
    expect(nextCheckAt?.getTime()).toBeLessThanOrEqual(expiresAt.getTime())
    // In the last minute before the end the next question is that of the end itself.
    shop.clock.turn({ seconds: (expiresAt.getTime() - shop.clock.now().getTime()) / 1_000 - 30 })
    await shop.app.reconciliation.resolveDue()
    expect((await shop.checkout(id)).nextCheckAt).toEqual(expiresAt)
  })

  test.each([
    ['a payment, which the list of payments shows', {}, 12],
    ['a trial, which begins without a payment', { kind: 'SUBSCRIPTION', trialValue: 1, trialUnit: 'WEEKS' }, 60],
  ] as const)(
    'is little in the hours between for %s, and each minute again before the page expires',
    async (_, data, most) => {
      const { id } = await shop.open()
      const now = shop.clock.now().getTime()
      const [createdAt, expiresAt] = [new Date(now - 6 * 3_600_000), new Date(now + 18 * 3_600_000)]
      await update(id, { ...data, createdAt, expiresAt, nextCheckAt: new Date(now) })
      let polls = 0
      for (let minutes = 0; minutes < 10 * 60; minutes += 10) {
        shop.clock.turn({ minutes: 10 })
        polls += await shop.app.reconciliation.resolveDue()
      }
      expect(polls).toBeGreaterThan(3)
      expect(polls).toBeLessThanOrEqual(most)
      const { nextCheckAt } = await shop.checkout(id)
      expect(nextCheckAt?.getTime()).toBeLessThan(expiresAt.getTime() - 14 * 60_000)
      shop.clock.turn({ seconds: (expiresAt.getTime() - shop.clock.now().getTime()) / 1_000 - 14 * 60 })
      await shop.app.reconciliation.resolveDue()
      expect((await shop.checkout(id)).nextCheckAt?.getTime()).toBeLessThanOrEqual(shop.clock.now().getTime() + 61_000)
    },
  )

  test('is no more than once a minute when a payment hangs beyond the end of its link', async () => {
    const { id } = await shop.open()
    await update(id, { status: 'PROCESSING', expiresAt: shop.clock.now(), checks: 8 })
    shop.clock.turn({ minutes: 5 })
    await shop.app.db.prisma.$executeRaw`UPDATE sandbox_document
      SET body = body || '{"history": [{"status": "created", "at": "2026-01-01T00:00:00Z", "txHash": ""}]}'
      WHERE id = ${(await shop.checkout(id)).externalId}`
    expect(await asked(15)).toBeLessThanOrEqual(15)
  })

  test.each([
    ['nobody paid', 'EXPIRE'],
    ['the payment failed', 'FAIL'],
  ])('falls to nothing for a cancelled checkout that has expired, when %s', async (_, outcome) => {
    const { id } = await shop.open()
    await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
    await shop.play(id, outcome)
    await shop.pass({ hours: 25 })
    await shop.app.reconciliation.resolveDue()
    expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', nextCheckAt: null })
    expect(await asked(5)).toBe(0)
  })

  test('is once for each checkout, over two nodes that look at the same moment', async () => {
    const opened = await Promise.all(Array.from({ length: 12 }, () => shop.open({ item: ITEM })))
    const both = await wireToHost(shop, shop.owner.tenantId)
    const other = await openApp(shop.databaseUrl, { clock: shop.clock })
    try {
      shop.clock.turn({ minutes: 2 })
      const counts = await Promise.all([shop.app.reconciliation.resolveDue(), other.reconciliation.resolveDue()])
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(opened.length)
      expect(both.count('GET', STATUS)).toBe(opened.length)
    } finally {
      await other.close()
      await both.close()
    }
  })
})

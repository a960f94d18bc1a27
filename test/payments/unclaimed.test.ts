import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Received } from '../../src/inbox/service.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ADA, ITEM, openShop, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'
import { wireTo } from '../support/wire.ts'

/** Money is in the books however it is told of, and also when nothing here asked for it. */

let shop: Shop
let books: ReturnType<typeof suspenseDesk>
beforeAll(async () => {
  shop = await openShop()
  books = suspenseDesk(shop)
})
beforeEach(() => books.begin())
afterAll(() => shop.close())

describe('money that nothing here asked for', () => {
  /** A page that somebody opened at the provider with the same account, and that was paid. */
  async function paidElsewhere(webhookUrl?: string): Promise<string> {
    const item = { productName: 'A poster', description: 'Sold by another program', price: 12, webhookUrl }
    const { uuid } = await books.atProvider('/v1/transaction/session-checkout/new/payment', item)
    const externalId = uuid.slice(uuid.indexOf('@') + 1)
    await books.atProvider(`/_sandbox/sessions/${externalId}/play`, {
      outcome: 'PAY',
      customer: { ...ADA, email: 'x@y.example' },
    })
    await shop.pass({ seconds: 5 })
    return externalId
  }

  const unclaimed = (externalId: string) =>
    eventually(() => shop.app.db.prisma.payment.findFirst({ where: { externalId } }))

  test('is found also behind a page of payments that are known', async () => {
    const hidden = await paidElsewhere()
    // Sixty checkouts are paid after it, of which notifications tell: more than a page of the provider's list.
    const ids = await Promise.all(Array.from({ length: 60 }, () => shop.open().then(({ id }) => id)))
    for (const id of ids) await shop.play(id, 'PAY')
    await shop.pass({ seconds: 30 })
    await eventually(async () => (await shop.app.db.prisma.payment.count({ where: { status: 'COMPLETED' } })) >= 60)
    expect(await shop.app.db.prisma.payment.count({ where: { externalId: hidden } })).toBe(0)
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
    expect(await unclaimed(hidden)).toMatchObject({ status: 'COMPLETED', checkoutId: null })
    await books.expectProven()
  })

  test('is found by looking at what the provider has received, and waits in suspense', async () => {
    const externalId = await paidElsewhere()
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
    const payment = await unclaimed(externalId)
    expect(payment).toMatchObject({
      status: 'COMPLETED',
      checkoutId: null,
      suspenseMinor: 1182n,
      description: 'A poster',
    })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1200n,
      'fees:qbitflow': 18n,
      'suspense:qbitflow': 1182n,
    })
    expect(await books.notifications()).toContain('that no checkout or subscription requested')
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
    expect((await books.gained())['customers:qbitflow']).toBe(-1200n)
    await books.accept(payment)
    expect((await books.gained())['organization:qbitflow']).toBe(1182n)
    await books.expectProven()
  })

  test('is told by a proven notification as well', async () => {
    const wire = await wireTo(shop, shop.owner.tenantId)
    // The wire keeps to itself what is sent to any address.
    const externalId = await paidElsewhere('https://elsewhere.example/hooks')
    await eventually(async () => wire.notifications.length >= 3)
    await wire.close()
    for (const message of wire.notifications) await shop.app.inbox.receive(message)
    await eventually(async () => {
      await shop.pass({ minutes: 1 })
      await shop.app.inbox.applyDue()
      return shop.app.db.prisma.payment.findFirst({ where: { externalId } })
    })
    expect((await books.gained())['suspense:qbitflow']).toBe(1182n)
    await books.expectProven()
  })

  /**
   * QBitFlow's API v1 has no key under which a page is opened once, and neither finds nor withdraws a page whose link was
   * lost. Nobody here knows that link; what comes over it all the same is not lost.
   */
  test.each(['the list of payments', 'a notification'])(
    'since the page was opened twice after a lost answer is booked once when %s tells of it, and the checkout stays payable',
    async (teller) => {
      const wire = await wireTo(shop, shop.owner.tenantId)
      wire.fault = ({ path }) => (path.endsWith('/new/payment') ? 'answer lost' : undefined)
      const by = call(shop.owner, `twice, told by ${teller}`)
      const { id } = await shop.app.checkouts.create(by, { kind: 'PAYMENT', item: ITEM })
      expect(await shop.checkout(id)).toMatchObject({ status: 'UNKNOWN', externalId: null })
      const [forgotten] = await shop.app.db.query<{ id: string }>(
        'test.forgotten',
        `SELECT id FROM sandbox_document WHERE kind = 'session' ORDER BY position DESC LIMIT 1`,
      )
      wire.fault = undefined
      await shop.app.checkouts.create(by, { kind: 'PAYMENT', item: ITEM })
      const known = await shop.checkout(id)
      expect([known.status, known.externalId === forgotten?.id]).toEqual(['OPEN', false])

      await books.atProvider(`/_sandbox/sessions/${forgotten?.id}/play`, { outcome: 'PAY', customer: ADA })
      await shop.pass({ seconds: 5 })
      if (teller === 'a notification') {
        await eventually(async () => wire.notifications.length >= 3)
        for (const message of wire.notifications) await shop.app.inbox.receive(message)
        await shop.pass({ minutes: 1 })
        await shop.app.inbox.applyDue()
      }
      await shop.pass({ minutes: 20 })
      await shop.app.payments.lookDue()
      const payment = await unclaimed(forgotten?.id ?? '')
      expect(payment).toMatchObject({ status: 'COMPLETED', checkoutId: null, amountMinor: 1999n })
      expect((await books.gained())['suspense:qbitflow']).toBe(payment.suspenseMinor)
      expect(await books.notifications()).toContain('that no checkout or subscription requested')

      await shop.play(id, 'PAY')
      await shop.poll()
      expect(await shop.reaches(id, 'COMPLETED')).toMatchObject({ amountMinor: 1999n, suspenseMinor: 0n })
      expect((await books.gained())['customers:qbitflow']).toBe(-2n * 1999n)
      await wire.close()
      await books.expectProven()
    },
  )

  test('from before the account was connected is none of ours', async () => {
    const where = { tenantId_provider: { tenantId: shop.owner.tenantId, provider: 'QBITFLOW' as const } }
    const externalId = await paidElsewhere()
    await shop.app.db.prisma.providerConnection.update({ where, data: { paymentsSince: shop.clock.now() } })
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
    expect(await shop.app.db.prisma.payment.findFirst({ where: { externalId } })).toBeNull()
  })
})

async function playAs(id: string, outcome: string): Promise<void> {
  if (outcome !== 'LATE') return shop.play(id, outcome)
  await books.atProvider('/_sandbox/faults', { kind: 'PAY_LATE' })
  await shop.play(id, 'PAY')
  await shop.pass({ hours: 25 })
}

/** One notification, as if it had never come before. */
async function hear(message: Received): Promise<void> {
  const { inboxMessage } = shop.app.db.prisma
  await inboxMessage.deleteMany()
  await shop.app.inbox.receive(message)
  await eventually(async () => {
    await shop.app.inbox.applyDue()
    return (await inboxMessage.count({ where: { appliedAt: null } })) === 0
  })
}

test('the notifications of a payment in any order, and however often, make the same books', async () => {
  const wire = await wireTo(shop, shop.owner.tenantId)
  const plays = [
    ['PAY'],
    ['LATE'],
    ['FAIL'],
    ['UNDERPAY'],
    ['OVERPAY'],
    ['UNDERPAY', 'PAY'],
    ['UNDERPAY', 'UNDERPAY', 'OVERPAY'],
  ]
  const expected = new Map<string, unknown>()
  const order = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 2, maxLength: 7 })
  const story = fc.tuple(fc.constantFrom(...plays), fc.boolean(), order)
  await fc.assert(
    fc.asyncProperty(story, async ([outcomes, cancelled, picks]) => {
      await books.begin()
      wire.notifications.length = 0
      const { id } = await shop.open()
      if (cancelled) await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
      for (const outcome of outcomes) await playAs(id, outcome)
      const told = await eventually(async () => wire.notifications.length >= 3 && [...wire.notifications])
      const heard = [...picks.flatMap((pick) => told[pick] ?? []), ...told.toReversed()]
      for (const message of heard) await hear(message)
      const name = `${outcomes} ${cancelled}`
      const made = await books.gained()
      if (!expected.has(name)) expected.set(name, made)
      expect([name, made]).toEqual([name, expected.get(name)])
      await books.expectProven()
    }),
    { numRuns: 12 },
  )
  await wire.close()
}, 120_000)

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import type { Received } from '../../src/inbox/service.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { call, eventually, openApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { ADA, ITEM, openShop, type Shop } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'
import { type Wire, wireTo } from '../support/wire.ts'

let shop: Shop
let wire: Wire
let webhookSecret: string
beforeAll(async () => {
  shop = await openShop()
  const [connection] = await shop.app.connections.list(shop.owner.tenantId)
  webhookSecret = connection?.sandbox?.credentials.webhookSecret ?? ''
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(() => wire.close())
afterAll(() => shop.close())

const receive = (received: Received) => shop.app.inbox.receive(received)
const messages = () => shop.app.db.prisma.inboxMessage.findMany({ orderBy: { receivedAt: 'asc' } })
const postingsOf = (causeId: string) => shop.app.db.prisma.ledgerTransaction.count({ where: { causeId } })

/** A checkout that was paid at the provider, and the three notifications that never reached us. */
async function paidUnheard() {
  const { id } = await shop.open()
  await shop.play(id, 'PAY')
  const [created, waiting, completed] = await eventually(
    async () => wire.notifications.length === 3 && wire.notifications,
  )
  if (!created || !waiting || !completed) throw new Error('three notifications were expected')
  expect(await shop.payment(id)).toBeNull()
  return { id, created, waiting, completed }
}

/** A notification of our own making, signed as the provider signs. */
async function signed(body: object): Promise<Received> {
  const rawBody = JSON.stringify(body)
  const timestamp = String(Math.floor(shop.clock.now().getTime() / 1_000))
  const signature = `sha256=${signatureOf(webhookSecret, timestamp, rawBody)}`
  const { id: connectionId } = await shop.app.db.prisma.providerConnection.findFirstOrThrow({
    where: { tenantId: shop.owner.tenantId },
  })
  const headers = new Headers({ 'x-webhook-timestamp': timestamp, 'x-webhook-signature-256': signature })
  return { provider: 'qbitflow', connectionId, headers, rawBody, requestId: 'test' }
}

describe('a message that takes long', () => {
  const ofCheckout = async (id: string) => {
    const { externalId } = await shop.checkout(id)
    return (await messages()).filter(({ body }) => externalId !== null && body.includes(externalId))
  }

  test('holds up no message about another checkout', async () => {
    const slow = await paidUnheard()
    wire.notifications.length = 0
    const quick = await paidUnheard()
    const { externalId = '' } = await shop.checkout(slow.id)
    wire.fault = ({ path }) => (path.includes(externalId ?? '') ? 'held' : undefined)
    expect(await receive(slow.completed)).toMatchObject({ status: 200 })
    expect(await receive(quick.completed)).toMatchObject({ status: 200 })
    await shop.reaches(quick.id, 'COMPLETED')
    expect(await ofCheckout(slow.id)).toMatchObject([{ appliedAt: null, error: null }])
    wire.fault = undefined
    wire.letGo()
    await shop.reaches(slow.id, 'COMPLETED')
  })

  test('is followed by the next about the same checkout only when it is done', async () => {
    const { id, created, waiting, completed } = await paidUnheard()
    wire.fault = () => 'held'
    await receive(completed)
    await eventually(async () => wire.count('GET', '') > 0)
    await receive(created)
    await receive(waiting)
    await shop.app.inbox.due.look()
    expect((await ofCheckout(id)).map(({ attempts }) => attempts)).toEqual([1, 0, 0])
    wire.fault = undefined
    wire.letGo()
    await eventually(async () => (await ofCheckout(id)).every(({ appliedAt }) => appliedAt !== null))
    expect(await postingsOf((await shop.reaches(id, 'COMPLETED')).id)).toBe(1)
  })

  test('holds up no message of another tenant, however many there are of its kind', async () => {
    const other = await newTenant(shop.app.db)
    await shop.app.connectSandboxes()
    const slow = await Promise.all(Array.from({ length: 12 }, () => shop.open()))
    wire.fault = ({ method }) => (method === 'GET' ? 'held' : undefined)
    const before = wire.requests.length
    for (const { id } of slow) {
      const { externalId } = await shop.checkout(id)
      await receive(await signed({ uuid: `pay@${externalId}`, txType: 'payment', status: { status: 'completed' } }))
    }
    const { id } = await shop.open({ item: ITEM }, other)
    await shop.app.checkouts.simulate(call(other), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA })
    await shop.pass({ seconds: 5 })
    const where = { tenantId_checkoutId: { tenantId: other.tenantId, checkoutId: id } }
    await eventually(async () => (await shop.app.db.prisma.payment.findUnique({ where }))?.status === 'COMPLETED')
    const asked = wire.requests.slice(before).filter(({ method }) => method === 'GET')
    expect(asked.length).toBeLessThanOrEqual(8)
  })
})

test('what a node had in hand when it was killed is taken up by another within seconds', async () => {
  const { id, completed } = await paidUnheard()
  const { externalId } = await shop.checkout(id)
  // What earlier tests left undone is asked about as well, and would take all the places of the account were it held.
  wire.fault = ({ path }) => (path.includes(String(externalId)) ? 'held' : undefined)
  await receive(completed)
  await eventually(async () =>
    wire.requests.some(({ method, path }) => method === 'GET' && path.includes(String(externalId))),
  )
  wire.fault = undefined
  // As long as the node lives it keeps the message.
  const clock = turnableClock()
  const other: App = await openApp(shop.databaseUrl, { clock })
  try {
    clock.turn({ seconds: (shop.clock.now().getTime() - clock.now().getTime()) / 1_000 })
    await other.inbox.applyDue()
    expect(await shop.payment(id)).toBeNull()
    clock.turn({ seconds: 20 })
    await other.inbox.applyDue()
    expect(await postingsOf((await shop.reaches(id, 'COMPLETED')).id)).toBe(1)
    wire.letGo()
    await shop.app.inbox.due.idle()
    expect(await postingsOf((await shop.reaches(id, 'COMPLETED')).id)).toBe(1)
  } finally {
    await other.close()
  }
})

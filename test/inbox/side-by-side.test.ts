import { describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually, openApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'
import { messages, paidUnheard, postingsOf, receive, setStage, shop, signed, wire } from './stage.ts'

setStage()

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

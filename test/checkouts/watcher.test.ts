import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ADA, openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireToHost } from '../support/wire.ts'

let shop: Shop
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  wire = await wireToHost(shop, shop.owner.tenantId)
})
afterEach(() => wire.close())
afterAll(() => shop.close())

const watch = (id: string) => shop.app.checkouts.watch(shop.owner.tenantId, id)
const pay = async (id: string) =>
  shop.control(`/sessions/${(await shop.checkout(id)).externalId}/play`, { outcome: 'PAY', customer: ADA })

test('while somebody looks, every step is seen although no notification comes', async () => {
  const { id } = await shop.open()
  await pay(id)
  const leave = watch(id)
  await shop.reaches(id, 'CREATED')
  await shop.pass({ seconds: 1 })
  await shop.reaches(id, 'WAITING_CONFIRMATION')
  await shop.pass({ seconds: 2 })
  await shop.reaches(id, 'COMPLETED')
  leave()
  const steps = (await shop.announced(id)).filter((type) => type.startsWith('payment.'))
  expect(steps).toEqual(['payment.created', 'payment.waiting_confirmation', 'payment.completed'])
})

test('many who look at one checkout share one socket, and the last to leave ends it', async () => {
  const { id } = await shop.open()
  await pay(id)
  const leaves = Array.from({ length: 5 }, () => watch(id))
  await shop.reaches(id, 'CREATED')
  expect(wire.sockets).toBe(1)
  for (const leave of leaves) leave()
  leaves[0]?.()
  await shop.pass({ seconds: 5 })
  await sleep(100)
  expect(await shop.payment(id)).toMatchObject({ status: 'CREATED' })
  expect(wire.sockets).toBe(1)
})

test('a checkout that is over is not watched', async () => {
  const { id } = await shop.open()
  await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
  const leave = watch(id)
  await sleep(100)
  expect([wire.sockets, wire.count('GET', '/transaction')]).toEqual([0, 0])
  leave()
})

test('a provider whose socket is away is asked instead', async () => {
  wire.fault = ({ path }) => (path.includes('/ws') ? 'lost on the way' : undefined)
  const { id } = await shop.open()
  await pay(id)
  const leave = watch(id)
  await shop.reaches(id, 'CREATED')
  await shop.pass({ seconds: 5 })
  await shop.reaches(id, 'COMPLETED')
  leave()
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyToCheckout } from '../../src/checkouts/apply.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { transact } from '../../src/work/work.ts'
import { call } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'

/** News and decisions about one checkout that cross each other. */

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

/** A cancelled checkout whose provider has been asked often, as somebody who asks about it has read it. */
async function cancelled() {
  const { id } = await shop.open()
  await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
  const where = { tenantId_id: { tenantId: shop.owner.tenantId, id } }
  return shop.app.db.prisma.checkout.update({ where, data: { checks: 3 } })
}

function apply(id: string, what: Parameters<typeof applyToCheckout>[2]): Promise<void> {
  const change = { tenantId: shop.owner.tenantId, at: shop.clock.now() }
  return transact(shop.app.db, change, (work) => applyToCheckout(work, { id }, what))
}

test('a checkout of which nothing came since its provider was asked is not asked about again', async () => {
  const { id, checks } = await cancelled()
  await apply(id, { noun: 'CHECKOUT', decision: 'STOP_CHECKS', checks })
  expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', nextCheckAt: null })
})

test('a payment that was begun since the provider was asked is followed to its end', async () => {
  const { id, checks, externalId } = await cancelled()
  const status = { state: 'CREATED' } as const
  await apply(id, { noun: 'CHECKOUT', proof: true, checkout: externalId ?? '', status })
  const { nextCheckAt } = await shop.checkout(id)
  expect(nextCheckAt).not.toBeNull()
  await apply(id, { noun: 'CHECKOUT', decision: 'STOP_CHECKS', checks })
  expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', nextCheckAt })
})

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireTo } from '../support/wire.ts'

/** A shop whose calls to its provider go over a wire that tests can watch and break. */

export let shop: Shop
export let wire: Wire
/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  beforeAll(async () => {
    shop = await openShop()
  })
  beforeEach(async () => {
    wire = await wireTo(shop, shop.owner.tenantId)
  })
  afterEach(() => wire.close())
  afterAll(() => shop.close())
}

export const SESSION = '/transaction/session-checkout/new/payment'
export const PRICE = { amount: '19.99', currency: 'USD' }

export async function product(input: object = {}, actor: Actor = shop.owner) {
  const wanted = { name: 'A mug', description: 'Blue, holds tea', price: PRICE, ...input }
  const { id } = await shop.app.products.create(call(actor), wanted)
  return { id, productId: encodeId('Product', id) }
}

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADA, ITEM, openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireTo } from '../support/wire.ts'

/** No webhook arrives and no socket opens: what happened is found by asking, within a minute of the tenant's clock. */

let shop: Shop
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  wire = await wireTo(shop, shop.owner.tenantId)
  wire.fault = ({ path }) => (path.includes('/status/ws') ? 'lost on the way' : undefined)
})
afterAll(async () => {
  await wire.close()
  await shop.close()
})

/** Lets a minute pass, in which the gateway asks as its schedules would. */
async function aMinute(): Promise<void> {
  for (let seconds = 0; seconds < 60; seconds += 5) {
    await shop.pass({ seconds: 5 })
    await shop.app.payments.lookDue()
    await shop.app.reconciliation.resolveDue()
  }
}

const MONTHLY = { kind: 'SUBSCRIPTION', item: ITEM, frequency: { value: 1, unit: 'MONTHS' } }

test.each([
  ['paid', { item: ITEM }, 'PAY', 'COMPLETED'],
  ['underpaid', { item: ITEM }, 'UNDERPAY', 'OPEN', 'underpaid'],
  ['failed', { item: ITEM }, 'FAIL', 'OPEN', 'reverted'],
  ['left', { item: ITEM }, 'CANCEL', 'CANCELLED'],
  ['subscribed to', MONTHLY, 'PAY', 'COMPLETED'],
  ['subscribed to with a trial', { ...MONTHLY, trialPeriod: { value: 1, unit: 'WEEKS' } }, 'PAY', 'COMPLETED'],
])('a page that is %s soon after it was opened', async (_, input, outcome, status, reason = '') => {
  const { id } = await shop.open(input)
  await shop.play(id, outcome, { customer: ADA })
  await aMinute()
  const checkout = await shop.checkout(id)
  expect(checkout.status).toBe(status)
  expect(checkout.reason ?? '').toContain(reason)
})

test('a page that is paid hours later, and one that is paid at the last moment', async () => {
  const { id } = await shop.open()
  await shop.pass({ hours: 9 })
  await aMinute()
  await shop.play(id, 'PAY', { customer: ADA })
  await aMinute()
  await aMinute()
  expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
  const last = await shop.open()
  await shop.pass({ hours: 23, minutes: 55 })
  await aMinute()
  await shop.play(last.id, 'PAY', { customer: ADA })
  await aMinute()
  expect(await shop.checkout(last.id)).toMatchObject({ status: 'COMPLETED' })
})

test('an account with nothing open is left in peace, and one with many pages is asked once for all of them', async () => {
  const opened = await Promise.all(Array.from({ length: 12 }, () => shop.open()))
  for (const { id } of opened) await shop.play(id, 'PAY', { customer: ADA })
  await aMinute()
  for (const { id } of opened) expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
  await shop.app.payments.lookDue()
  wire.requests.length = 0
  await aMinute()
  await aMinute()
  expect(wire.count('GET', '/transaction/payments/combined')).toBe(0)
})

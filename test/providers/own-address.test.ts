import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { ADA, openShop, refusals, type Shop } from '../support/shop.ts'
import { subscriberOf } from '../support/subscriber.ts'
import { type Wire, wireToHost } from '../support/wire.ts'

/** A test tenant whose connection leads to a server of its own: a provider's test mode, say. */

let shop: Shop
let host: Wire

beforeAll(async () => {
  shop = await openShop()
})

afterAll(async () => {
  await host?.close()
  await shop?.close()
})

test('control calls of a simulator are refused and never sent to a host that is none', async () => {
  const { app, owner } = shop
  const refund = await refundDesk(shop).asked()
  const subscription = await subscriberOf(shop).subscribe()
  const { id } = await shop.open()
  host = await wireToHost(shop, owner.tenantId)

  const at = { provider: 'QBITFLOW' }
  const act = () => call(owner)
  const refundId = { id: encodeId('Refund', refund.id) }
  const wishes: Record<string, () => Promise<unknown>> = {
    simulateCheckout: () =>
      app.checkouts.simulate(act(), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA }),
    simulateSubscription: () =>
      app.subscriptions.simulate(act(), { id: encodeId('Subscription', subscription.id), action: 'CONFIRM' }),
    requestRefund: () =>
      app.refunds.request(act(), { paymentId: encodeId('Payment', refund.paymentId), reason: 'It broke' }),
    approveRefund: () => app.refunds.approve(act(), refundId),
    refuseRefund: () => app.refunds.refuse(act(), { ...refundId, message: 'No' }),
    injectFault: () => app.faults.inject(act(), { ...at, kind: 'SERVER_ERROR' }),
    clearFaults: () => app.faults.clear(act(), at),
    resetSandbox: () => app.sandbox.reset(act(), at),
  }
  for (const [wish, ask] of Object.entries(wishes)) {
    expect([wish, await refusals(ask())]).toEqual([wish, [expect.stringMatching(/^UNSUPPORTED/)]])
  }
  expect(await app.faults.list(owner, 'QBITFLOW')).toEqual([])
  await app.testClock.advance(act(), { by: { value: 1, unit: 'HOURS' } })

  // The host is asked what any provider is asked: how the refund and the checkout stand.
  await shop.poll()
  expect(host.requests.length).toBeGreaterThan(0)
  expect(host.requests.filter(({ path }) => path.includes('_sandbox'))).toEqual([])
  expect(await refundDesk(shop).refund(refund.id)).toMatchObject({ status: 'PENDING', answer: null })
})

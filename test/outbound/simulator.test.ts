import { expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { call, eventually, testApp } from '../support/app.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { wireTo } from '../support/wire.ts'

test('what a simulator sends to an address that its user named is guarded, and a provider at such an address', async () => {
  const asked: string[] = []
  const guarded = guardedFetch({ allowLoopback: true })
  const house = await testApp({
    outbound: (url, request) => {
      asked.push(url)
      return guarded(url, request)
    },
  })
  const owner = await house.actor()
  const wire = await wireTo(house, owner.tenantId)
  const { id } = await house.app.checkouts.create(call(owner), { kind: 'PAYMENT', item: ITEM })
  const played = { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA }
  await house.app.checkouts.simulate(call(owner), played)
  await eventually(async () => wire.notifications.length > 0)
  expect(asked).toContainEqual(expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/hooks$/))
  expect(asked).toContainEqual(expect.stringMatching(/\/v1\/transaction\/session-checkout\/new\/payment$/))
  await wire.close()
  await house.close()
})

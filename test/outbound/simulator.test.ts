import { expect, test } from 'vitest'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { eventually } from '../support/app.ts'
import { ADA, openShop } from '../support/shop.ts'
import { wireToHost } from '../support/wire.ts'

test('what a simulator sends to an address that its user named is guarded, and a provider at such an address', async () => {
  const asked: string[] = []
  const guarded = guardedFetch({ allowLoopback: true })
  const shop = await openShop({
    outbound: (url, request) => {
      asked.push(url)
      return guarded(url, request)
    },
  })
  const wire = await wireToHost(shop, shop.owner.tenantId)
  const { id } = await shop.open()
  const { externalId } = await shop.checkout(id)
  await shop.control(`/sessions/${externalId}/play`, { outcome: 'PAY', customer: ADA })
  await eventually(async () => wire.notifications.length > 0)
  expect(asked).toContainEqual(expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/hooks$/))
  expect(asked).toContainEqual(expect.stringMatching(/\/v1\/transaction\/session-checkout\/new\/payment$/))
  await wire.close()
  await shop.close()
})

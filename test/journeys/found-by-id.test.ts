import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout, ITEM, simulate } from '../support/storefront.ts'

/** What a shop gets back in a redirect or sees at the provider leads to what it is here. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const SHOP = 'https://shop.example/back?checkout={{CHECKOUT_ID}}&id={{UUID}}&type={{TRANSACTION_TYPE}}'

/** Where the provider's page sends the customer. */
async function redirectOf({ url, id }: { url: string; id: string }): Promise<URL> {
  await eventually(async () => {
    const { transactionStatus } = await gateway.api.ask<{ transactionStatus: { final: boolean } | null }>(
      'query ($id: ID!) { transactionStatus(id: $id) { final } }',
      { id },
    )
    return transactionStatus?.final
  })
  const page = await (await fetch(`${url}/receipt`)).text()
  const link = /https:\/\/shop\.example\/back[^"<]*/.exec(page)?.[0] ?? ''
  return new URL(link.replaceAll('&amp;', '&'))
}

test.each([
  ['after paying', 'PAY', { successUrl: SHOP }],
  ['after leaving', 'CANCEL', { cancelUrl: SHOP }],
])('the redirect %s carries the id of the checkout', async (_, outcome, urls) => {
  const { checkout } = await createCheckout(gateway.api, { item: ITEM, ...urls })
  await simulate(gateway.api, checkout.id, outcome)
  const { searchParams } = await redirectOf(checkout)
  expect([searchParams.get('checkout'), searchParams.get('type')]).toEqual([checkout.id, 'payment'])
  const query = 'query ($id: String!) { checkouts(filter: { providerId: $id }) { edges { node { id providerId } } } }'
  for (const id of [searchParams.get('id') ?? '', searchParams.get('id')?.replace('pay@', '') ?? '']) {
    const { checkouts } = await gateway.api.ask<{ checkouts: { edges: { node: { id: string } }[] } }>(query, { id })
    expect(checkouts.edges.map(({ node }) => node.id)).toEqual([checkout.id])
  }
})

test('a payment and a subscription are found by the provider’s id', async () => {
  const { checkout } = await createCheckout(gateway.api)
  await simulate(gateway.api, checkout.id, 'PAY')
  const paid = await eventually(async () => {
    const { checkout: seen } = await gateway.api.ask<{
      checkout: { payment: { status: string; providerId: string } | null }
    }>('query ($id: ID!) { checkout(by: { id: $id }) { payment { status providerId } } }', { id: checkout.id })
    return seen.payment?.status === 'COMPLETED' && seen.payment
  })
  const ask = (by: string) =>
    gateway.api.ask('query ($by: PaymentBy!) { payment(by: $by) { checkout { id } } }', { by: { providerId: by } })
  expect(await ask(`pay@${paid.providerId}`)).toEqual({ payment: { checkout: { id: checkout.id } } })
  expect(await ask(paid.providerId)).toEqual({ payment: { checkout: { id: checkout.id } } })
  expect(await ask('pay@nobody')).toEqual({ payment: null })
  const started = await createCheckout(gateway.api, {
    kind: 'SUBSCRIPTION',
    item: ITEM,
    frequency: { value: 1, unit: 'MONTHS' },
  })
  await simulate(gateway.api, started.checkout.id, 'PAY')
  const found = await eventually(async () => {
    const { checkout } = await gateway.api.ask<{
      checkout: { providerId: string; subscription: { id: string } | null }
    }>('query ($id: ID!) { checkout(by: { id: $id }) { providerId subscription { id } } }', { id: started.checkout.id })
    return checkout.subscription && checkout
  })
  const query = 'query ($id: String!) { subscriptions(filter: { providerId: $id }) { edges { node { id } } } }'
  expect(await gateway.api.ask(query, { id: `sub@${found.providerId}` })).toEqual({
    subscriptions: { edges: [{ node: { id: found.subscription?.id } }] },
  })
})

test('the address for the provider’s webhooks is shown, and takes them', async () => {
  const { providers } = await gateway.api.ask<{ providers: { notificationUrl: string }[] }>(
    '{ providers { notificationUrl } }',
  )
  const { pathname } = new URL(providers[0]?.notificationUrl ?? '')
  const answer = await fetch(`${gateway.url}${pathname}`, { method: 'POST', body: '{}' })
  expect([answer.status, pathname.startsWith('/inbox/qbitflow/')]).toEqual([400, true])
})

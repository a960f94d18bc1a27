import { afterAll, beforeAll, expect, test } from 'vitest'
import { networkFrom } from '../../src/outbound/address.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** OUTBOUND_ALLOW in a gateway that runs. Nobody is at these addresses: what matters is who is refused without a try. */

const NOT_PUBLIC = 'The address is not on the public network'

let gateway: OpenGateway
beforeAll(async () => {
  const networks = ['10.213.0.0/16', 'fd12:3456::/32'].map(networkFrom)
  gateway = await startGateway({ webhookLoopback: false, outboundAllow: networks.filter((each) => each !== undefined) })
})
afterAll(() => gateway.stop())

async function errorAt(url: string): Promise<string | null> {
  const { webhookEndpoint } = await gateway.api.change<{ webhookEndpoint: { id: string } }>(
    `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { webhookEndpoint { id } userErrors { message } } }`,
    { kind: 'EVENT', url },
  )
  await gateway.api.change(
    'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } userErrors { message } } }',
    { name: 'Ada', lastName: 'L', email: `${Math.random()}@example.com` },
  )
  const attempt = await eventually(async () => {
    const { node } = await gateway.api.ask<{
      node: { deliveries: { edges: { node: { attempts: { error: string | null }[] } }[] } }
    }>(
      `query ($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deliveries(first: 1) { edges { node { attempts { error } } } } } } }`,
      { id: webhookEndpoint.id },
    )
    return node.deliveries.edges[0]?.node.attempts[0]
  }, 60_000)
  return attempt.error
}

test('a receiver in a network that is allowed is tried', async () => {
  expect(await errorAt('http://[fd12:3456::9]:9/')).not.toBe(NOT_PUBLIC)
}, 90_000)

test.each([
  'http://10.214.0.9:9/',
  'http://192.168.0.9/',
  'http://127.0.0.1:9/',
  'http://[::ffff:10.213.0.9]:9/',
  'http://169.254.169.254/',
])('a receiver outside of it is refused at once: %s', async (url) => {
  await expect(errorAt(url)).rejects.toThrow(NOT_PUBLIC)
})

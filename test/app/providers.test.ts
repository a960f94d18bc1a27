import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROVIDERS, type Providers } from '../../src/providers/providers.ts'
import { type OpenGateway, startGateway, startNode } from '../support/gateway.ts'

/** A provider that can do nothing but answer at its address. Its simulator is one route. */
const ADDED: Providers = {
  ADDED: {
    description: 'A provider that only a test knows: it has "no" functions.',
    adapter: {
      credentials: ['secret'],
      baseUrl: 'https://api.added.test/v1',
      notes: {},
      connect: ({ baseUrl, credentials, fetch }) => ({
        name: 'ADDED',
        health: {
          async probe() {
            const answer = await fetch(`${baseUrl}/ping`, { headers: { 'x-secret': credentials.secret ?? '' } })
            if (!answer.ok) throw new Error(`/ping was answered with ${answer.status}`)
          },
        },
      }),
    },
    openSimulator: ({ publicUrl }) => ({
      fetch: async (request) => {
        const known = request.headers.get('x-secret') === 's3cret' && request.url === `${publicUrl}/v1/ping`
        return new Response(known ? 'pong' : 'who?', { status: known ? 200 : 401 })
      },
      knowsCaller: async (request) => request.headers.get('x-secret') === 's3cret',
      hasSocket: () => false,
      upgrade: () => {},
      provision: async () => ({ secret: 's3cret' }),
      runDue: async () => 0,
      close: async () => {},
    }),
  },
}

let gateway: OpenGateway

beforeAll(async () => {
  gateway = await startGateway({ providers: { ...PROVIDERS, ...ADDED } })
})
afterAll(() => gateway.stop())

describe('a provider that is added to the list', () => {
  test('is connected with its simulator from the first start, and answers', async () => {
    const query = '{ providers { provider capabilities health sandbox { url credentials } } }'
    const { providers } = await gateway.api.ask<{ providers: { provider: string; sandbox: { url: string } }[] }>(query)
    const added = providers.find(({ provider }) => provider === 'ADDED')
    expect(added).toEqual({
      provider: 'ADDED',
      capabilities: [],
      health: 'UP',
      sandbox: { url: `${gateway.url}/sandbox/added/v1`, credentials: { secret: 's3cret' } },
    })
  })

  test('has its simulator at its own address on the gateway', async () => {
    const ping = (secret: string) =>
      fetch(`${gateway.url}/sandbox/added/v1/ping`, { headers: { 'x-secret': secret } }).then(({ status }) => status)
    expect(await ping('s3cret')).toBe(200)
    expect(await ping('another')).toBe(401)
  })

  test('is a value of the API, with its description', async () => {
    const query = '{ __type(name: "Provider") { enumValues { name description } } }'
    const { __type } = await gateway.api.ask<{ __type: { enumValues: object[] } }>(query)
    expect(__type.enumValues).toContainEqual({ name: 'ADDED', description: ADDED.ADDED?.description })
    expect(__type.enumValues).toHaveLength(Object.keys(PROVIDERS).length + 1)
  })

  test('can be named in arguments, in variables and in mutations', async () => {
    const inText = '{ payments(filter: { provider: ADDED }) { totalCount } }'
    expect(await gateway.api.ask(inText)).toEqual({ payments: { totalCount: 0 } })
    const inVariable = 'query ($p: Provider) { checkouts(filter: { provider: $p }) { totalCount } }'
    expect(await gateway.api.ask(inVariable, { p: 'ADDED' })).toEqual({ checkouts: { totalCount: 0 } })
    const mutation = `mutation ($input: CreateCheckoutInput!) {
      createCheckout(input: $input) { userErrors { code message } }
    }`
    const input = {
      kind: 'PAYMENT',
      provider: 'ADDED',
      item: { name: 'Tea', description: 'Green', price: { amount: '1', currency: 'USD' } },
    }
    expect(await gateway.api.ask(mutation, { input: { ...input, idempotencyKey: 'k' } })).toEqual({
      createCheckout: { userErrors: [expect.objectContaining({ code: 'UNSUPPORTED' })] },
    })
  })

  test('leaves the limits on the cost of an operation as they are', async () => {
    const field = 'customers(first: 100) { edges { node { payments(first: 100) { edges { node { id } } } } } }'
    const query = `{ ${field} }`
    await expect(gateway.api.ask(query)).rejects.toThrow(/The cost of an operation must be at most 5000/)
  })
})

test('a provider that is not in the list is no value of the API', async () => {
  const query = '{ payments(filter: { provider: REMOVED }) { totalCount } }'
  await expect(gateway.api.ask(query)).rejects.toThrow(/REMOVED/)
})

test('a release that does not know a connected provider does not start, and says which', async () => {
  const start = startNode(gateway.databaseUrl)
  await expect(start).rejects.toThrow(
    'this release does not know a provider that the database has connections with (ADDED): start the release that made them',
  )
})

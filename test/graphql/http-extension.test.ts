import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { connect } from './socket.ts'

/** What an error means for HTTP is said by the status and the headers of the answer, and never in its extensions. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
  // A fault of ours: what the operation needs is not there.
  await look(gateway.databaseUrl, 'ALTER TABLE product RENAME TO product_away')
})
afterAll(async () => {
  await look(gateway.databaseUrl, 'ALTER TABLE product_away RENAME TO product')
  await gateway.stop()
})

const CREATE = `mutation { createProduct(input: { name: "Mug", description: "Blue", price: { amount: "1", currency: "USD" } }) {
  product { id } } }`
const OPERATIONS: readonly [name: string, query: string, code: string][] = [
  ['a field that fails by a fault of ours', '{ viewer { mode } products { totalCount } }', 'INTERNAL'],
  ['a mutation that fails by a fault of ours', CREATE, 'INTERNAL'],
  ['a document that is not valid', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ['an argument that is not valid', '{ customers(first: -1) { totalCount edges { cursor } } }', 'BAD_USER_INPUT'],
]

interface Answered {
  readonly errors: readonly { readonly extensions: Readonly<Record<string, unknown>> }[]
}

function expectCodeAlone({ errors }: Answered, code: string): void {
  expect(errors.map(({ extensions }) => extensions)).toEqual([{ code, requestId: expect.any(String) }])
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe.each(OPERATIONS)('%s', (_name, query, code) => {
  test.each<[string, Record<string, string>]>([
    ['the usual way', {}],
    ['as GraphQL’s own type', { accept: 'application/graphql-response+json' }],
    ['from a page', { origin: 'https://shop.example' }],
  ])('over HTTP, %s', async (_way, headers) => {
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...JSON_TYPE, 'x-api-key': gateway.key, ...headers },
      body: JSON.stringify({ query }),
    })
    expectCodeAlone((await answer.json()) as Answered, code)
  })

  test('over WebSocket', async () => {
    const it = await connect(`${gateway.url}/graphql`)
    await it.init({ apiKey: gateway.key })
    it.subscribe('x', query)
    const { type, payload } = await it.next()
    expectCodeAlone(type === 'error' ? { errors: payload } : payload, code)
    it.socket.terminate()
  })
})

test.each<[string, Record<string, string>, string]>([
  ['no valid credential', { 'x-api-key': 'sk_test_none' }, 'UNAUTHENTICATED'],
  ['an unknown time zone', { 'time-zone': 'Nowhere/None' }, 'BAD_USER_INPUT'],
  ['an unknown version', { 'x-api-version': 'latest' }, 'BAD_USER_INPUT'],
])('nor in those of a request that is refused for %s', async (_name, headers, code) => {
  for (const method of ['GET', 'POST']) {
    const body = method === 'POST' ? { body: JSON.stringify({ query: '{ viewer { mode } }' }) } : {}
    const answer = await fetch(`${gateway.url}/graphql?query={viewer{mode}}`, {
      method,
      headers: { ...JSON_TYPE, 'x-api-key': gateway.key, ...headers },
      ...body,
    })
    expectCodeAlone((await answer.json()) as Answered, code)
  }
})

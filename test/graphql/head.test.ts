import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const QUERY = `/graphql?query=${encodeURIComponent('{ viewer { mode } }')}`
const MARCH = 'from=2026-03-01&to=2026-03-31&format=csv'

test.each([
  ['a query', QUERY, true, '*/*'],
  ['a query of nobody', QUERY, false, 'application/graphql-response+json'],
  ['no query', '/graphql', true, 'application/json'],
  ['GraphiQL', '/graphql', false, 'text/html'],
  ['health', '/health/ready', false, '*/*'],
  ['the front', '/', false, '*/*'],
  ['metrics', '/metrics', false, '*/*'],
  ['an export', `/exports/accounting?${MARCH}`, true, '*/*'],
  ['nothing', '/nothing', false, '*/*'],
])('HEAD of %s is answered as GET, without a body', async (_, path, withKey, accept) => {
  const headers = { accept, ...(withKey && { authorization: `Bearer ${gateway.key}` }) }
  const ask = (method: string) => fetch(`${gateway.url}${path}`, { method, headers, redirect: 'manual' })
  const [get, head] = [await ask('GET'), await ask('HEAD')]
  expect([head.status, head.headers.get('content-type')]).toEqual([get.status, get.headers.get('content-type')])
  expect(head.status).not.toBe(406)
  expect(await head.text()).toBe('')
  await get.text()
})

test('HEAD stays HEAD in the log', async () => {
  await fetch(`${gateway.url}${QUERY}`, { method: 'HEAD' })
  expect(gateway.lines).toContainEqual(expect.objectContaining({ method: 'HEAD', path: '/graphql' }))
})

test('events are listed by type, as an argument and as a filter, and a type that there is not is refused', async () => {
  const { api } = gateway
  await api.ask('mutation { createAccount(input: { currency: "USD", kind: CLIENT }) { account { id } } }')
  await api.ask('mutation { createCurrency(input: { code: "GEMS", exponent: 0 }) { currency { id } } }')
  const types = async (args: string) => {
    type Found = { events: { totalCount: number; edges: { node: { type: string } }[] } }
    const { events } = await api.ask<Found>(`{ events(${args}) { totalCount edges { node { type } } } }`)
    expect(events.totalCount).toBe(events.edges.length)
    return events.edges.map(({ node }) => node.type)
  }
  expect(await types('types: ["account.created", "currency.created"]')).toEqual(['currency.created', 'account.created'])
  expect(await types('types: ["currency.created"], last: 1')).toEqual(['currency.created'])
  for (const all of ['types: []', 'eventTypes: []', 'filter: { eventTypes: [] }'])
    expect(await types(all)).toEqual(await types('first: 20'))
  expect(await types('types: ["account.created"], filter: { types: ["currency.created"] }')).toEqual([])
  await expect(types('types: ["nothing.done"]')).rejects.toThrow('There is no event type nothing.done')
})

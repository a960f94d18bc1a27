import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf } from '../support/api.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout } from '../support/storefront.ts'
import { connect, type Peer } from './socket.ts'

let gateway: OpenGateway
const peers: Peer[] = []

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  for (const { socket } of peers) socket.terminate()
  await gateway.stop()
})

/** A connection that has asked to begin. */
async function begun(payload?: object): Promise<Peer> {
  const peer = await connect(`${gateway.url}/graphql`)
  peers.push(peer)
  peer.send({ type: 'connection_init', ...(payload && { payload }) })
  return peer
}

const WATCH = 'subscription ($id: ID!) { transactionStatus(id: $id) { state } }'

describe('over WebSocket without a key', () => {
  test('a connection has five operations at a time', async () => {
    const { checkout } = await createCheckout(apiOf(gateway.url, gateway.key))
    const it = await begun()
    await it.next()
    for (let n = 0; n < 6; n++) it.subscribe(`s${n}`, WATCH, { variables: { id: checkout.id } })
    await expect
      .poll(() => it.unread.filter(({ type }) => type === 'error'))
      .toMatchObject([{ id: 's5', payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }] }])
    it.socket.terminate()
  })

  test('an address has fifty connections, more with a key, and a place again that was given back', async () => {
    const places = await Promise.all(Array.from({ length: 50 }, () => begun()))
    for (const each of places.slice(1)) expect((await each.next()).type).toBe('connection_ack')
    const late = await begun()
    expect(await late.closed).toEqual({ code: 1013, reason: 'Too many connections without a key' })
    expect((await (await begun({ apiKey: gateway.key })).next()).type).toBe('connection_ack')
    for (const each of places) each.socket.terminate()
    await expect
      .poll(async () => {
        const again = await begun()
        return Promise.race([again.next().then(({ type }) => type), again.closed.then(({ code }) => code)])
      })
      .toBe('connection_ack')
  })
})

describe('what is dear costs what it takes', () => {
  test('an operation verifies the books twice at most', async () => {
    const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
    const ask = async (times: number) => {
      const proofs = Array.from({ length: times }, (_, n) => `p${n}: proof { balanced }`).join(' ')
      const body = JSON.stringify({ query: `{ ledger { ${proofs} } }` })
      const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })
      return (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] }
    }
    expect((await ask(2)).data).toMatchObject({ ledger: { p1: { balanced: true } } })
    expect((await ask(15)).errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX')
  })
})

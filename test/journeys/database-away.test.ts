import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { connect } from '../graphql/socket.ts'
import { apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type StartedNode, startNode } from '../support/gateway.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** PostgreSQL is down: whoever asks is told to come back, through every door, and is answered once it is there again. */

let database: TestDatabase
let proxy: TcpProxy
let node: StartedNode
let key: string
beforeAll(async () => {
  database = await freshDatabase()
  proxy = await openProxy(database.url)
  node = await startNode(proxy.url)
  key = node.gateway.testKey ?? ''
}, 60_000)
afterEach(async () => {
  proxy.recover()
  await eventually(async () => (await fetch(`${node.url}/health/ready`)).status === 200, 30_000)
})
afterAll(async () => {
  await node.stop()
  await proxy.close()
  await database.drop()
})

const open = () => connect(`${node.url}/graphql`)

test('a WebSocket that cannot be opened is closed with 1013, and one that was open answers UNAVAILABLE', async () => {
  const opened = await open()
  await opened.init({ apiKey: key })
  proxy.goAway()
  const late = await open()
  late.send({ type: 'connection_init', payload: { apiKey: key } })
  expect(await late.closed).toEqual({ code: 1013, reason: 'Try again later' })

  for (const [id, query] of [
    ['q', '{ products { totalCount } }'],
    ['m', 'mutation { createCustomer(input: { name: "A", lastName: "L", email: "a@x.de" }) { customer { id } } }'],
    ['s', 'subscription { events { type } }'],
  ] as const) {
    opened.subscribe(id, query)
    const { type, payload } = await opened.next()
    expect([id, type, payload.map((error: { extensions: object }) => error.extensions)]).toEqual([
      id,
      'error',
      [{ code: 'UNAVAILABLE', requestId: expect.any(String) }],
    ])
  }

  proxy.recover()
  await eventually(async () => {
    opened.subscribe(`q${Math.random()}`, '{ products { totalCount } }')
    const { type, payload } = await opened.next()
    if (type === 'next') await opened.next()
    return type === 'next' && payload.data.products.totalCount === 0
  }, 30_000)
  opened.socket.terminate()
}, 90_000)

test('an inbox answers 503, and takes the same notification once afterwards', async () => {
  const { providers } = await apiOf(node.url, key).ask<{
    providers: { notificationUrl: string; sandbox: { credentials: { webhookSecret: string } } }[]
  }>('{ providers { notificationUrl sandbox { credentials } } }')
  const [provider] = providers
  const body = JSON.stringify({ uuid: 'pay@0', n: 1 })
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const signature = signatureOf(provider?.sandbox.credentials.webhookSecret ?? '', timestamp, body)
  const headers = { 'x-webhook-timestamp': timestamp, 'x-webhook-signature-256': `sha256=${signature}` }
  const { pathname } = new URL(provider?.notificationUrl ?? '')
  const send = () => fetch(`${node.url}${pathname}`, { method: 'POST', headers, body })

  proxy.goAway()
  const away = await send()
  expect([away.status, Number(away.headers.get('retry-after'))]).toEqual([503, expect.any(Number)])
  expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await away.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } })

  proxy.recover()
  await eventually(async () => (await send()).status === 200, 30_000)
  await send()
  expect(await node.gateway.app.db.prisma.inboxMessage.count()).toBe(1)
}, 90_000)

test('exports and the simulator answer 503 too, and nothing of it is an error of ours', async () => {
  proxy.goAway()
  for (const path of [
    '/exports/data',
    '/exports/accounting?from=2026-01-01&to=2026-01-31&format=csv',
    '/sandbox/qbitflow/v1/user/',
  ]) {
    const headers = { 'x-api-key': path.startsWith('/sandbox') ? `sk_${'0'.repeat(32)}_test_a` : key }
    const answer = await fetch(`${node.url}${path}`, { headers })
    expect([path, answer.status, answer.headers.has('retry-after')]).toEqual([path, 503, true])
    await answer.text()
  }
  expect(node.lines.filter(({ level, path }) => level === 'error' && path !== undefined)).toEqual([])
}, 90_000)

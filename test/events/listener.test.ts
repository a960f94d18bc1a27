import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Listener, openListener } from '../../src/events/listener.ts'
import { eventually } from '../support/app.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let fresh: TestDatabase
let proxy: TcpProxy
let listener: Listener
let writer: pg.Client
const heard: string[] = []
const errors: unknown[] = []
let listenings = 0
let silences = 0

beforeAll(async () => {
  fresh = await freshDatabase()
  proxy = await openProxy(fresh.url)
  writer = new pg.Client({ connectionString: fresh.url })
  await writer.connect()
  listener = await openListener({
    url: proxy.url,
    channels: ['one', 'two'],
    onListening() {
      listenings += 1
    },
    onNotification: (channel, payload) => void heard.push(`${channel} ${payload}`),
    onError: (error) => void errors.push(error),
    onSilence() {
      silences += 1
    },
  })
})
afterAll(async () => {
  listener.close()
  await proxy.close()
  await writer.end()
  await fresh.drop()
})

const tell = (channel: string, payload: string) => writer.query('SELECT pg_notify($1, $2)', [channel, payload])
const isHeard = (what: string) => eventually(async () => heard.includes(what))
const listensAgain = (times: number) => eventually(async () => listenings === times, 20_000)

test('what is told on each channel is heard', async () => {
  await tell('one', 'first')
  await tell('two', 'first')
  await isHeard('one first')
  await isHeard('two first')
})

test('a connection that died in silence is noticed and replaced, and whoever listens is told to catch up', async () => {
  proxy.loseConnections()
  await tell('one', 'missed')
  await listensAgain(2)
  await tell('one', 'after the silence')
  await isHeard('one after the silence')
  expect([errors.length > 0, silences]).toEqual([true, 1])
}, 30_000)

test('one that is ended by the server is replaced at once', async () => {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollgate events'
    AND datname = current_database()`
  await writer.query(text)
  await listensAgain(3)
  await tell('two', 'after the end')
  await isHeard('two after the end')
})

test('while the server keeps silent to everybody it tries on, and listens again once it speaks', async () => {
  proxy.fallSilent()
  const before = errors.length
  await eventually(async () => errors.length >= before + 2, 30_000)
  proxy.recover()
  await listensAgain(4)
}, 60_000)

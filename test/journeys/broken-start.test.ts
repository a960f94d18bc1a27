import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiOf } from '../support/api.ts'
import { tollgate } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** Connections to the database that break while a process starts. */

const PATIENCE_MS = 180_000
/** Those that a start opens one after another, until it tries how many it is given. */
const CONNECTIONS = 8

let database: TestDatabase
let proxy: TcpProxy
beforeEach(async () => {
  database = await freshDatabase()
  proxy = await openProxy(database.url)
})
afterEach(async () => {
  await proxy.close()
  await database.drop()
})

test('whichever connection breaks, the node starts again, tells its first key, and serves', {
  timeout: PATIENCE_MS,
}, async () => {
  let due = 1
  let opened = 0
  proxy.endNew(() => {
    opened += 1
    if (due > CONNECTIONS || opened < due) return false
    opened = 0
    due += 1
    return true
  })
  const node = await startNode(proxy.url)
  expect(due).toBeGreaterThan(CONNECTIONS)
  const waits = node.lines.filter(({ msg }) => /; starting again, for \d+ s at most$/.test(String(msg)))
  expect(waits.length).toBeGreaterThan(CONNECTIONS / 2)
  expect(await apiOf(node.url, node.gateway.testKey ?? '').ask('{ viewer { mode } }')).toEqual({
    viewer: { mode: 'TEST' },
  })
  await node.stop()
})

test('a command whose connection breaks says so in one line and ends with 1', { timeout: PATIENCE_MS }, async () => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'tollgate-broken-'))
  for (const args of [['migrate'], ['keys', 'create', '--mode', 'test', '--role', 'OWNER']]) {
    let opened = 0
    // The first three are for finding out what the server is.
    proxy.endNew(() => ++opened > 3)
    const { code, stdout, stderr } = await tollgate(args, { DATABASE_URL: proxy.url, DATA_DIR })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^tollgate: .*(Connection terminated|closed).*\n$/)
  }
})

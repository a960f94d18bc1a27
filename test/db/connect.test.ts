import { createServer, connect as dial, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tryConnections } from '../../src/db/capacity.ts'
import { connectDatabase } from '../../src/db/connect.ts'
import { freePort } from '../../src/db/embedded/server.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPool } from '../../src/db/pool.ts'
import { eventually } from '../support/app.ts'
import {
  type DebianServer,
  hasPgbouncer,
  makeSchema,
  type Owned,
  startDebianPostgres,
  startPgbouncer,
  warnWithoutDebianPostgres,
} from '../support/debian-postgres.ts'
import { startNode } from '../support/gateway.ts'

warnWithoutDebianPostgres('what is found out about a database at the start')

const STARTS_MS = 60_000

function connect(databaseUrl: string, databaseListenUrl?: string, patienceMs = 0) {
  return connectDatabase({ databaseUrl, databaseListenUrl, patienceMs, dataDir: tmpdir(), exclusive: true })
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('was not refused'),
    (reason: Error) => reason,
  )
  expect(error.name).toBe('StartError')
  expect(error.message).not.toMatch(/\n|p#ss|p%23ss/)
  return error.message
}

describe.skipIf(!hasPgbouncer)('at the start', { timeout: STARTS_MS }, () => {
  let server: DebianServer
  let urls: Owned
  beforeAll(async () => {
    server = await startDebianPostgres()
    urls = await makeSchema(server, 'shop')
    await migrate(urls.owner)
  }, STARTS_MS)
  afterAll(() => server?.stop())

  test('a pooler in transaction mode is refused while nobody can listen past it, and found out by itself', async () => {
    const pooler = await startPgbouncer(server, { size: 3 })
    expect(await refusalOf(connect(pooler.through(urls.app)))).toContain('set DATABASE_LISTEN_URL')
    expect(await refusalOf(connect(pooler.through(urls.app), pooler.through(urls.app)))).toContain(
      'DATABASE_LISTEN_URL',
    )
    const other = await makeSchema(server, 'other')
    expect(await refusalOf(connect(pooler.through(urls.app), other.app))).toContain('must lead to the same database')
    const { url, sessionUrl } = await connect(pooler.through(urls.app), urls.app)
    expect([url, sessionUrl]).toEqual([
      expect.stringContaining('pgbouncer=true'),
      expect.not.stringContaining('pgbouncer=true'),
    ])
    await pooler.stop()
  })

  test('a pooler in session mode is as good as the server, and one that is too small is told', async () => {
    const pooler = await startPgbouncer(server, { mode: 'session', size: 4 })
    const url = `${pooler.through(urls.app)}&connect_timeout=1`
    expect((await connect(url)).url).toContain('pgbouncer=false')
    expect(await tryConnections(url, 4)).toBeUndefined()
    expect(await tryConnections(url, 8)).toMatch(
      /may use 8 connections, but the database allows it 4.*DATABASE_POOL_SIZE/,
    )
    await pooler.stop()
    const tiny = await startPgbouncer(server, { mode: 'session', size: 2 })
    expect(await refusalOf(tryConnections(`${tiny.through(urls.app)}&connect_timeout=1`, 8))).toContain(
      'it needs at least 3',
    )
    await tiny.stop()
  })

  test('a pooler that gives a server for one statement only is refused', async () => {
    const pooler = await startPgbouncer(server, { mode: 'statement' })
    expect(await refusalOf(connect(pooler.through(urls.app)))).toMatch(
      /^DATABASE_URL: a transaction was refused \(.*statement pooling mode\)$/,
    )
    await pooler.stop()
  })

  test('what the role and the server allow is compared with what may be used', async () => {
    await server.run('ALTER ROLE shop_app CONNECTION LIMIT 5')
    expect(await tryConnections(urls.app, 16)).toMatch(
      /may use 16 connections, but the database allows it 5 of the server's 60/,
    )
    await server.run('ALTER ROLE shop_app CONNECTION LIMIT 2')
    expect(await refusalOf(tryConnections(urls.app, 16))).toContain('allows it 2')
    await server.run('ALTER ROLE shop_app CONNECTION LIMIT -1')
    expect(await tryConnections(urls.app, 16)).toBeUndefined()
  })

  test('a schema that is missing is made where the role may, and refused in one line where not', async () => {
    expect(await refusalOf(connect(urls.app.replace('schema=pay', 'schema=more')))).toMatch(
      /no schema more, and role shop_app may not create it/,
    )
    const { url } = await connect(server.url('postgres', 'shop', '?schema=More%20Pay'))
    expect((await migrate(url)).length).toBeGreaterThan(10)
    await server.run('CREATE SCHEMA closed', 'shop')
    expect(await refusalOf(connect(urls.app.replace('schema=pay', 'schema=closed')))).toContain('grant it USAGE')
  })

  test('a role that may not change tables serves a database that is up to date, and no other', async () => {
    expect(await migrate(urls.app)).toEqual([])
    const fresh = await makeSchema(server, 'fresh')
    expect(await refusalOf(migrate(fresh.app))).toMatch(/role fresh_app may not change its tables .*npm run -s migrate/)
  })

  test('without a schema in the address it is the role’s own, however its search path is set', async () => {
    await server.run('ALTER ROLE shop_app SET search_path = "$user", pay')
    expect((await connect(urls.app.replace('?schema=pay', ''))).url).toContain('schema=pay')
    await server.run('ALTER ROLE shop_app RESET search_path')
    expect((await connect(urls.app.replace('?schema=pay', '?sslmode=prefer'))).url).toContain('schema=public')
  })

  test('two gateways in two schemas of one database know nothing of each other', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((schema) =>
        startNode(server.url('postgres', 'shop', `?options=-c%20search_path%3D${schema}`)),
      ),
    )
    const keys = [one, two].map((node) => node?.gateway.testKey)
    expect(keys).toEqual([expect.stringMatching(/^sk_test_/), expect.stringMatching(/^sk_test_/)])
    const ask = (node: typeof one, key = '') =>
      fetch(`${node?.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: '{"query":"{ viewer { mode } }"}',
      })
    expect(
      await Promise.all(
        [ask(one, keys[0]), ask(two, keys[1]), ask(two, keys[0])].map(async (answer) => (await answer).ok),
      ),
    ).toEqual([true, true, false])
    await Promise.all([one?.stop(), two?.stop()])
  })

  test('the server is waited for, with a word about it', async () => {
    const port = await freePort()
    const said: string[] = []
    const url = urls.app.replace(`:${server.port}/`, `:${port}/`)
    const connected = connectDatabase({
      databaseUrl: url,
      dataDir: tmpdir(),
      exclusive: true,
      onWait: (what) => said.push(what),
    })
    await eventually(async () => said.length > 0)
    const proxy = await forward(port, server.port)
    expect((await connected).url).toContain(`:${port}/`)
    expect(said[0]).toMatch(
      /^DATABASE_URL: no connection to 127\.0\.0\.1:\d+\/shop \(.*\); waiting up to \d+ s for it$/,
    )
    proxy.close()
  })

  test('a wrong password is said at once', async () => {
    const wrong = urls.app.replace(/shop_app:[^@]*@/, 'shop_app:nonsense@')
    expect(await refusalOf(connect(wrong, undefined, 60_000))).toMatch(
      /password authentication failed for user "shop_app"/,
    )
  })

  test('of several hosts the one that takes changes is found, also after a failover, and a standby alone is refused', async () => {
    const primary = await startDebianPostgres()
    const standby = await startDebianPostgres({ standbyOf: primary })
    expect(await refusalOf(connect(standby.url('postgres')))).toMatch(/read-only standby\), after 0 s$/)
    const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`
    const both = primary
      .url('postgres', 'postgres', '?target_session_attrs=read-write')
      .replace(`127.0.0.1:${primary.port}`, hosts)
    const pool = openPool((await connect(both)).url, {
      name: 'test',
      size: 2,
      statementMs: 5_000,
      lockMs: 5_000,
      waitMs: 5_000,
    })
    const portOf = async () => (await pool.query('SELECT inet_server_port() AS port')).rows[0].port
    expect(await portOf()).toBe(primary.port)
    await primary.stop()
    await expect(portOf()).rejects.toThrow()
    await standby.run('SELECT pg_promote()')
    expect(await eventually(() => portOf().catch(() => false), 20_000)).toBe(standby.port)
    await pool.end()
    await standby.stop()
  })

  test('a unix socket is an address too', async () => {
    const address = `postgres://shop_app:${encodeURIComponent('p#ss/w%rd@1')}@/shop?host=${server.folder}&port=${server.port}&schema=pay`
    expect((await connect(address)).url).toContain('schema=pay')
  })
})

/** A server that comes up late: whatever is said to this port goes to the other. */
async function forward(from: number, to: number): Promise<Server> {
  const proxy = createServer((client) => {
    const onward = dial(to, '127.0.0.1')
    for (const socket of [client, onward]) socket.on('error', () => socket.destroy())
    client.pipe(onward).pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(from, '127.0.0.1', resolve))
  await sleep(0)
  return proxy
}

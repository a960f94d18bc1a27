import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/connect.ts'
import { answers, ask, hold, open, postmasterOf, root, setStage, stop } from './embedded-stage.ts'

setStage()

const isRoot = process.getuid?.() === 0

describe('the private PostgreSQL', () => {
  test('keeps its data over a restart, durably, behind a password that only its owner reads', async () => {
    const dataDir = join(root, 'kept')
    const first = await open(dataDir)
    await ask(first.url, 'create table kept as select 42 as answer')
    expect(
      await ask(
        first.url,
        "select string_agg(setting, ',' order by name) from pg_settings where name in ('fsync', 'synchronous_commit', 'data_checksums')",
      ),
    ).toBe('on,on,on')
    expect(await ask(first.url, 'show server_encoding')).toBe('UTF8')
    expect(await ask(first.url, 'show listen_addresses')).toBe('127.0.0.1')
    expect(statSync(join(dataDir, 'postgres/password')).mode & 0o777).toBe(0o600)
    const withoutPassword = Object.assign(new URL(first.url), { password: 'guess' }).href
    await expect(ask(withoutPassword, 'select 1')).rejects.toThrow(/password authentication failed/)
    await first.stop()
    expect(await answers(first.url)).toBe(false)
    const second = await open(dataDir)
    expect(await ask(second.url, 'select answer from kept')).toBe(42)
    await second.stop()
  })

  test('runs twice side by side on two data folders', async () => {
    const [one, two] = await Promise.all([hold(join(root, 'one')), hold(join(root, 'two'))])
    expect(one.said).not.toBe(two.said)
    expect(await Promise.all([answers(one.said), answers(two.said)])).toEqual([true, true])
  })

  test('is made once when two processes start on a new data folder at once, and serves one of them', async () => {
    const dataDir = join(root, 'raced')
    const said = (await Promise.all([hold(dataDir), hold(dataDir)])).map((held) => held.said)
    expect(said.filter((line) => line.startsWith('postgres://'))).toHaveLength(1)
    expect(said.filter((line) => line.startsWith('StartError'))).toEqual([
      `StartError: DATA_DIR ${dataDir} is in use by another Tollgate; stop that one or choose another folder`,
    ])
  })

  test('serves a process beside the gateway, and ends with the last of them', async () => {
    const dataDir = join(root, 'beside')
    const gateway = await hold(dataDir)
    const beside = await hold(dataDir, 'beside')
    expect(beside.said).toBe(gateway.said)
    await stop(gateway.child)
    expect(await answers(gateway.said)).toBe(true)
    await stop(beside.child)
    expect(await answers(gateway.said)).toBe(false)
  })

  test('outlives a gateway that was killed, and is adopted by the next', async () => {
    const dataDir = join(root, 'adopted')
    const first = await hold(dataDir)
    const postmaster = postmasterOf(dataDir)
    await stop(first.child, 'SIGKILL')
    const second = await hold(dataDir)
    expect(second.said).toBe(first.said)
    expect(postmasterOf(dataDir)).toBe(postmaster)
    await stop(second.child)
    expect(await answers(first.said)).toBe(false)
  })

  test('is started again at the same address when it was killed under a running gateway', async () => {
    const dataDir = join(root, 'revived')
    const database = await open(dataDir)
    await ask(database.url, 'create table kept as select 42 as answer')
    process.kill(postmasterOf(dataDir), 'SIGKILL')
    await expect.poll(() => ask(database.url, 'select answer from kept').catch(() => 0), { timeout: 10_000 }).toBe(42)
    await expect(connectDatabase({ dataDir, exclusive: true })).rejects.toThrow(/in use by another/)
    await database.stop()
    expect(await answers(database.url)).toBe(false)
  })

  test('starts although its old process id belongs to another program now', async () => {
    const dataDir = join(root, 'reused')
    await open(dataDir).then((database) => database.stop())
    const cluster = join(dataDir, 'postgres/cluster')
    writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n\nready\n`)
    const database = await open(dataDir)
    expect(await answers(database.url)).toBe(true)
    await database.stop()
  })

  test('takes another port when another program took its own', async () => {
    const dataDir = join(root, 'port')
    const first = await open(dataDir)
    await first.stop()
    const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
    await once(squatter, 'listening')
    const second = await open(dataDir)
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port)
    await second.stop()
    squatter.close()
  })

  test.runIf(isRoot)('lives elsewhere, and lastingly, when its user may not enter the data folder', async () => {
    const closed = join(root, 'closed')
    const dataDir = join(closed, 'data')
    mkdirSync(closed, { mode: 0o700 })
    const mask = process.umask(0o077)
    const first = await open(dataDir).finally(() => process.umask(mask))
    await ask(first.url, 'create table kept as select 42 as answer')
    await first.stop()
    const elsewhere = readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim()
    try {
      expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
      const second = await open(dataDir)
      expect(await ask(second.url, 'select answer from kept')).toBe(42)
      await second.stop()
    } finally {
      rmSync(dirname(elsewhere), { recursive: true })
    }
    await expect(connectDatabase({ dataDir, exclusive: true })).rejects.toThrow(/postgres\.location names, is missing/)
  })

  test('says in one line why a data folder cannot hold a database', async () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    const refused = connectDatabase({ dataDir: join(file, 'data'), exclusive: true })
    await expect(refused).rejects.toThrow(/^DATA_DIR .*file\/data cannot hold a database: .*$/)
  })
})

describe('a server of one’s own', () => {
  test('that does not answer is named in one line, without its password', async () => {
    const databaseUrl = 'postgres://merchant:secret@127.0.0.1:1/shop'
    const refused = connectDatabase({ databaseUrl, dataDir: root, exclusive: true, patienceMs: 0 })
    await expect(refused).rejects.toThrow(
      /^DATABASE_URL: no connection to 127\.0\.0\.1:1\/shop \(.*ECONNREFUSED.*\), after 0 s$/,
    )
    await expect(refused).rejects.not.toThrow(/secret/)
  })
})

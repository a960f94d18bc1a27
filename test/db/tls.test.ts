import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/connect.ts'
import { openConnection } from '../../src/db/connection.ts'
import { apiOf } from '../support/api.ts'
import {
  type DebianServer,
  hasDebianPostgres,
  startDebianPostgres,
  warnWithoutDebianPostgres,
} from '../support/debian-postgres.ts'
import { startNode } from '../support/gateway.ts'

/** sslmode, against PostgreSQL 15 with a certificate for `localhost` from an authority of its own, and one without. */

warnWithoutDebianPostgres('TLS to a database')

const NOBODY = 65_534
const PATIENCE_MS = 60_000

describe.skipIf(!hasDebianPostgres)('TLS to a database', { timeout: PATIENCE_MS }, () => {
  let folder: string
  let withTls: DebianServer
  let without: DebianServer
  beforeAll(async () => {
    folder = makeCertificates()
    const files = { ssl_cert_file: join(folder, 'localhost.crt'), ssl_key_file: join(folder, 'localhost.key') }
    ;[withTls, without] = await Promise.all([
      startDebianPostgres({ settings: { ssl: 'on', ...files } }),
      startDebianPostgres(),
    ])
  }, PATIENCE_MS)
  afterAll(async () => {
    await Promise.all([withTls?.stop(), without?.stop()])
    rmSync(folder, { recursive: true })
  })

  function addressOf(server: DebianServer, host: string, parameters: string): string {
    const named = parameters.replace('OURS', join(folder, 'ours.crt')).replace('OTHER', join(folder, 'other.crt'))
    return server.url('postgres', 'postgres', named).replace('@127.0.0.1:', `@${host}:`)
  }

  /** Whether the connection that a start would make is in TLS. */
  async function isInTls(databaseUrl: string): Promise<boolean | undefined> {
    const { url } = await connectDatabase({ databaseUrl, dataDir: tmpdir(), exclusive: true })
    const client = await openConnection(url, { name: 'test' })
    const { rows } = await client.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await client.end()
    return rows[0]?.ssl
  }

  test.each([
    ['', 'localhost', true],
    ['?sslmode=disable', 'localhost', false],
    ['?sslmode=allow', 'localhost', false],
    ['?sslmode=prefer', '127.0.0.1', true],
    ['?sslmode=require', '127.0.0.1', true],
    ['?sslmode=require&sslrootcert=OURS', '127.0.0.1', true],
    ['?sslmode=verify-ca&sslrootcert=OURS', '127.0.0.1', true],
    ['?sslmode=verify-full&sslrootcert=OURS', 'localhost', true],
    ['?sslmode=require&channel_binding=prefer', 'localhost', true],
  ])('a server with TLS is reached by "%s" at %s', async (parameters, host, inTls) => {
    expect(await isInTls(addressOf(withTls, host, parameters))).toBe(inTls)
  })

  test.each([
    [
      'verify-full with a certificate for another host',
      '127.0.0.1',
      '?sslmode=verify-full&sslrootcert=OURS',
      /not match/,
    ],
    ['verify-full without the authority', 'localhost', '?sslmode=verify-full', /certificate/],
    ['verify-full with another authority', 'localhost', '?sslmode=verify-full&sslrootcert=OTHER', /certificate/],
    ['verify-ca with another authority', 'localhost', '?sslmode=verify-ca&sslrootcert=OTHER', /certificate/],
    ['require with another authority at hand', 'localhost', '?sslmode=require&sslrootcert=OTHER', /certificate/],
    [
      'a binding that nobody can promise',
      'localhost',
      '?channel_binding=require',
      /channel_binding=require.*disable or prefer/,
    ],
  ])('is refused at once, in one line: %s', async (_, host, parameters, reason) => {
    const refused = await isInTls(addressOf(withTls, host, parameters)).catch((error: Error) => error)
    expect(refused).toMatchObject({ name: 'StartError', message: expect.stringMatching(reason) })
    expect((refused as Error).message).not.toMatch(/\n|p#ss|p%23ss/)
  })

  test('a server without TLS is reached where the mode allows it, and refused at once where it does not', async () => {
    for (const mode of ['disable', 'allow', 'prefer']) {
      expect(await isInTls(addressOf(without, 'localhost', `?sslmode=${mode}`))).toBe(false)
    }
    for (const mode of ['require', 'verify-ca&sslrootcert=OURS', 'verify-full&sslrootcert=OURS']) {
      await expect(isInTls(addressOf(without, 'localhost', `?sslmode=${mode}`))).rejects.toThrow(/does not support SSL/)
    }
  })

  test('a gateway serves over verified TLS, with each of its connections', async () => {
    await withTls.run('CREATE DATABASE shop')
    const address = addressOf(withTls, 'localhost', '?sslmode=verify-full&sslrootcert=OURS')
    const node = await startNode(address.replace('/postgres?', '/shop?'))
    const api = apiOf(node.url, node.gateway.testKey ?? '')
    expect(await api.ask('{ viewer { mode } }')).toEqual({ viewer: { mode: 'TEST' } })
    const { rows } = await node.gateway.app.db.pool.query<{ ssl: boolean; count: number }>(
      `SELECT s.ssl, count(*)::int FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
       WHERE a.datname = 'shop' AND a.application_name LIKE 'tollgate%' GROUP BY 1`,
    )
    expect(rows).toEqual([{ ssl: true, count: expect.any(Number) }])
    expect(rows[0]?.count).toBeGreaterThan(1)
    await node.stop()
  })
})

/** Two authorities, and a certificate for `localhost` from the first. */
function makeCertificates(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  for (const name of ['ours', 'other']) {
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`)
  }
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\n')
  openssl('req', ...newKey, '-keyout', 'localhost.key', '-out', 'localhost.csr', '-subj', '/CN=localhost')
  const authority = ['-CA', 'ours.crt', '-CAkey', 'ours.key', '-CAcreateserial']
  openssl('x509', '-req', '-in', 'localhost.csr', ...authority, '-extfile', 'names', '-out', 'localhost.crt')
  if (process.getuid?.() === 0) {
    for (const name of ['.', ...readdirSync(folder)]) chownSync(join(folder, name), NOBODY, NOBODY)
  }
  return folder
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api.ts'
import { serve } from '../support/command-line.ts'
import { freshDatabase } from '../support/database.ts'

/** On the real process, whose one thread would stand still. */
test('while patterns of a tenant are compared the gateway says that it is live, and it ends when it is told to', async () => {
  const database = await freshDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-patterns-'))
  const gateway = await serve({ DATABASE_URL: database.url, DATA_DIR: dataDir, LOG_LEVEL: 'warn' })
  try {
    const key = /sk_test_\w+/.exec(gateway.output())?.[0] ?? ''
    const api = apiOf(gateway.url, key)
    const inject = `mutation ($input: InjectFaultInput!) { injectFault(input: $input) { fault { id } userErrors { message } } }`
    for (let n = 0; n < 20; n++) {
      const operation = `GET /${'*a'.repeat(140 - n)}!`
      await api.change(inject, { provider: 'QBITFLOW', kind: 'SERVER_ERROR', operation })
    }
    const { providers } = await api.ask<{ providers: { sandbox: { credentials: { apiKey: string } } }[] }>(
      '{ providers { sandbox { credentials } } }',
    )
    const headers = { 'x-api-key': providers[0]?.sandbox.credentials.apiKey ?? '' }
    const path = `${gateway.url}/sandbox/qbitflow/v1/customer/${'a'.repeat(10_000)}`
    const calls = Array.from({ length: 20 }, () => fetch(path, { headers }).catch(() => undefined))
    const live = await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/health/live`)))
    expect(live.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(await gateway.end('SIGTERM')).toBe(0)
    await Promise.all(calls)
  } finally {
    await gateway.end('SIGKILL')
    await database.drop()
    rmSync(dataDir, { recursive: true })
  }
}, 90_000)

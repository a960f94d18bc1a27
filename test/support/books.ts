import { expect } from 'vitest'
import { openConnection } from '../../src/db/connection.ts'
import type { Api } from './api.ts'
import { eventually } from './app.ts'
import { OPEN_ENDS } from './look.ts'

export { look } from './look.ts'

/** The tenant's events count 1, 2, 3 …, and so do those of each entity. */
export const GAPS = `
  SELECT tenant_id, entity_id, array_agg(sequence ORDER BY sequence) AS numbers FROM event GROUP BY 1, 2
  HAVING max(sequence) <> count(*) OR min(sequence) <> 1
  UNION ALL
  SELECT tenant_id, NULL, array_agg(cursor ORDER BY cursor) FROM event GROUP BY 1
  HAVING max(cursor) <> count(*) OR min(cursor) <> 1`

interface Played {
  readonly api: Api
  readonly databaseUrl: string
  readonly lines?: readonly Readonly<Record<string, unknown>>[]
}

/**
 * How every journey ends: the books balance, every notification is applied, nothing is in doubt, no event is missing,
 * and no error was logged. Waits a while for what is still on its way.
 */
export async function expectAllSettled({ api, databaseUrl, lines = [] }: Played): Promise<void> {
  const client = await openConnection(databaseUrl, { name: 'test' })
  try {
    let ends: Record<string, string> = {}
    await eventually(async () => {
      ends = (await client.query<Record<string, string>>(OPEN_ENDS)).rows[0] ?? {}
      return Object.values(ends).every((count) => count === '0')
    }).catch(() => expect.fail(`open ends: ${JSON.stringify(ends)}`))
    expect((await client.query(GAPS)).rows).toEqual([])
  } finally {
    await client.end()
  }
  const { ledger } = await api.ask<{ ledger: { proof: object } }>(
    '{ ledger { proof { balanced breaks { message } } } }',
  )
  expect(ledger.proof).toEqual({ balanced: true, breaks: [] })
  expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
}

import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { inTimezone } from '../../src/graphql/timezone.ts'
import { timezoneNamed, timezoneNames } from '../../src/kernel/timezone.ts'

/** Both hemispheres' summer and winter, and a moment before and after a rule of today began. */
const MOMENTS = ['2015-07-01T12:00:00Z', '2026-01-15T12:00:00Z', '2026-07-15T12:00:00Z']

test('every time zone that is taken means the same to JavaScript and to PostgreSQL', async () => {
  const client = new pg.Client({ connectionString: inject('databaseUrl') })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT name, moment, to_char(moment AT TIME ZONE name, 'YYYY-MM-DD"T"HH24:MI:SS') AS local
       FROM unnest($1::text[]) AS name, unnest($2::timestamptz[]) AS moment`,
      [timezoneNames(), MOMENTS],
    )
    const different = rows.filter(({ name, moment, local }) => inTimezone(moment, name).slice(0, 19) !== local)
    expect(rows.length).toBeGreaterThan(1_500)
    expect(different.map(({ name, local }) => `${name} ${local}`)).toEqual([])
  } finally {
    await client.end()
  }
})

test.each([
  'NST',
  'BST',
  'IST',
  'PRT',
  'VST',
  'CST',
  'EST',
  'PST8PDT',
  'SystemV/PST8PDT',
  'US/Pacific-New',
  '+05:30',
  'GMT+5',
  'Z',
  'Mars/Olympus',
  '',
  ' UTC',
  'x'.repeat(100),
  'constructor',
])('%s is no time zone', (name) => {
  expect(timezoneNamed(name)).toBeUndefined()
})

test('the case of a name does not matter', () => {
  expect(timezoneNamed('europe/BERLIN')).toBe('Europe/Berlin')
})

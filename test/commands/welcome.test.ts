import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type Welcome, welcomeText } from '../../src/commands/welcome.ts'

const FIRST: Welcome = {
  publicUrl: 'https://pay.example',
  graphiql: true,
  database: 'private PostgreSQL in /shop/data',
  databaseUrl: undefined,
  dataDir: resolve('data'),
  testKey: 'sk_test_1',
}

test('the first start shows the key, and every start how to make more of them', () => {
  const first = welcomeText(FIRST)
  expect(first).toContain('GraphiQL   https://pay.example/graphql')
  expect(first).toContain('Database   private PostgreSQL in /shop/data')
  expect(first).toContain('sk_test_1')
  const later = welcomeText({ ...FIRST, graphiql: false, testKey: undefined })
  expect(later).toContain('GraphQL    https://pay.example/graphql')
  expect(later).not.toContain('Test key')
  expect(later).not.toContain('shown only once')
  expect(later).toContain('More keys: npm run -s keys -- create --mode TEST --role OWNER')
})

test('the command that the first start shows leads to the same database, also when it is pasted', () => {
  expect(welcomeText(FIRST)).toContain('More keys: npm run -s keys -- create')
  expect(welcomeText({ ...FIRST, dataDir: '/tmp/x' })).toContain('More keys: DATA_DIR=/tmp/x npm run -s keys -- create')
  const awkward = welcomeText({ ...FIRST, dataDir: "/tmp/it's here" })
  expect(awkward).toContain(`More keys: DATA_DIR='/tmp/it'\\''s here' npm run -s keys`)
  const server = welcomeText({ ...FIRST, databaseUrl: 'postgres://shop:secret@db/shop' })
  expect(server).toContain('More keys, with the same DATABASE_URL in the environment: npm run -s keys')
  expect(server).not.toContain('secret@')
})

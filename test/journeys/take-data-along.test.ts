import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'

let gateway: OpenGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const ask = (init: RequestInit = {}) =>
  fetch(`${gateway.url}/exports/data`, { headers: { 'x-api-key': gateway.key }, ...init })

test('a merchant takes everything along in one file', async () => {
  await gateway.api.change(
    'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } userErrors { code } } }',
    { name: 'Ada' },
  )
  const response = await ask()
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; filename="tollgate-data-test-[\d-]+\.jsonl"$/,
  )
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines[0]).toMatchObject({ tollgate: 'data', mode: 'TEST', tables: { customer: { name: 'text' } } })
  expect(lines.filter(({ table }) => table === 'customer').map(({ row }) => row.name)).toEqual(['Ada'])
  expect(lines.at(-1)).toMatchObject({
    end: true,
    rows: { customer: 1 },
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test('a reader that goes half way leaves no snapshot open', async () => {
  await look(
    gateway.databaseUrl,
    `INSERT INTO rate (tenant_id, id, from_currency, to_currency, rate)
     SELECT id, gen_random_uuid(), 'USD', 'EUR', 1 FROM tenant, generate_series(1, 100000) WHERE mode = 'TEST'`,
  )
  const cut = new AbortController()
  const response = await ask({ signal: cut.signal })
  const reader = response.body?.getReader()
  await reader?.read()
  const open = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND query LIKE 'FETCH%'`
  await eventually(async () => (await look(gateway.databaseUrl, open)).length === 1)
  cut.abort()
  await eventually(async () => (await look(gateway.databaseUrl, open)).length === 0)
})

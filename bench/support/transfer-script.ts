/**
 * One transfer of 1.00 by ledger_post, as a pgbench script: the same rows as by the gateway (a transaction, its part,
 * two entries, an idempotency key, an event), posted at the same clock. It fails where the transfer is not posted.
 */
export function transferScript(tenantId: string, accounts: number, hot: boolean): string {
  const tenant = `'${tenantId}'::uuid`
  return `
\\set source ${hot ? 1 : `random(1, ${accounts})`}
\\set other random(1, ${accounts - 1})
\\set destination :other + case when :other >= :source then 1 else 0 end
WITH transfer AS MATERIALIZED (
  SELECT uuidv7() AS id, uuidv7() AS part, ${uuidOf(':source')} AS source, ${uuidOf(':destination')} AS destination,
         CASE WHEN :source::int < :destination::int THEN 1 ELSE 2 END AS source_place
)
SELECT 1 / ((ledger_post(
  ${tenant}, now() + (SELECT clock_ahead_ms FROM tenant WHERE id = ${tenant}) * interval '1 millisecond', NULL, 1,
  ARRAY[least(source, destination), greatest(source, destination)],
  ARRAY[1, 1], ARRAY[source_place, 3 - source_place], ARRAY[-100, 100]::numeric[], ARRAY[0, 0]::numeric[],
  ARRAY['USD', 'USD'], ARRAY[id, id], ARRAY[uuidv7(), uuidv7()],
  format('${json(HEADERS)}', id, source, part, source, id, destination)::jsonb,
  format('${json(KEYS)}', uuidv7(), ${tenant}, uuidv7(), id)::jsonb,
  format('${json(EVENTS)}', uuidv7(), id, id, source, destination)::jsonb
))[1] = 'posted')::int
FROM transfer;
`
}

function uuidOf(variable: string): string {
  return `('00000000-0000-7000-8000-' || lpad(to_hex(${variable}::int), 12, '0'))::uuid`
}

const TRANSFER = { i: 1, recipe: 'transfer', state: 'COMPLETED', total: '100', currency: 'USD' }
const HEADERS = [
  { ...TRANSFER, id: '%s', type: 'EXTERNAL', accountId: '%s' },
  { ...TRANSFER, id: '%s', type: 'INTERNAL', accountId: '%s', parentId: '%s', destinationId: '%s' },
]
const KEYS = [
  { i: 1, id: '%s', owner: '%s', operation: 'createTransaction', key: '%s', hash: '5e'.repeat(32), subject: '%s' },
]
const POSTED = {
  id: '%s',
  recipe: 'transfer',
  total: '100',
  currency: 'USD',
  entries: [
    { account: '%s', amount: '-100' },
    { account: '%s', amount: '100' },
  ],
}
const EVENTS = [
  {
    i: 1,
    id: '%s',
    type: 'ledger.transaction_posted',
    entityKind: 'LedgerTransaction',
    entityId: '%s',
    payload: { object: POSTED },
    requestId: 'pgbench',
  },
]

/** A colon before a letter would be one of pgbench's variables; JSON may have blanks. */
function json(rows: readonly object[]): string {
  return JSON.stringify(rows)
}

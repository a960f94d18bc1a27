import { createHash } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { onSnapshot, type ReadPages } from '../db/snapshot.ts'
import type { Mode } from '../kernel/actor.ts'
import { findCurrency } from '../kernel/currency.ts'
import { genesis, hex } from './chain.ts'
import { DATA_IS_KEPT } from './checks.ts'
import { moment, SETTLING, sealedLines } from './sealed.ts'

/**
 * The books of a tenant as lines of JSON, with everything that it takes to prove them elsewhere: what they are and how
 * much of it (`manifest`), the currencies and accounts, the sealed lines of the ledger's events with each seal after
 * what it seals, the state that the transactions are in, and a hash of all lines before it (`end`).
 *
 * A sealed line has but hashes of metadata. The metadata themselves follow it, as the text that is hashed, and the
 * manifest has the salt; both are left out from the moment that the tenant's data are removed.
 */

export const FORMAT = 'tollgate-ledger/1'

export interface Books {
  readonly tenantId: string
  readonly mode: Mode
  /** When they are exported. */
  readonly at: Date
}

export interface Manifest {
  readonly kind: 'manifest'
  readonly format: string
  readonly tenant: string
  readonly mode: Mode
  readonly at: string
  readonly accounts: number
  readonly transactions: number
  readonly entries: number
  readonly events: number
  readonly seals: number
  /** The hash of the last seal. */
  readonly head: string
  /** What is hashed before the text of metadata, in hexadecimal. */
  readonly salt?: string
}

const COUNTS = `
  SELECT (SELECT count(*) FROM account WHERE tenant_id = $1::uuid)::int AS accounts,
         (SELECT count(*) FROM ledger_transaction WHERE tenant_id = $1::uuid)::int AS transactions,
         (SELECT count(*) FROM entry WHERE tenant_id = $1::uuid)::int AS entries,
         (SELECT count(*) FROM event WHERE tenant_id = $1::uuid AND entity_kind = 'LedgerTransaction')::int AS events,
         (SELECT count(*) FROM ledger_seal WHERE tenant_id = $1::uuid)::int AS seals,
         (SELECT encode(hash, 'hex') FROM ledger_seal WHERE tenant_id = $1::uuid ORDER BY number DESC LIMIT 1) AS head,
         (SELECT encode(seal_salt, 'hex') FROM tenant WHERE id = $1::uuid AND ${DATA_IS_KEPT}) AS salt`

const CURRENCIES_OF = `
  SELECT u.currency AS code, c.exponent FROM (SELECT DISTINCT currency FROM account WHERE tenant_id = $1::uuid) u
  LEFT JOIN currency c ON c.tenant_id = $1::uuid AND c.code = u.currency ORDER BY u.currency`

const ACCOUNTS = lines(
  `'account' AS kind, t.id, t.external_id AS "externalId", t.name, t.kind AS type, t.currency, t.overdraft, t.overdraft_limit::text AS "overdraftLimit", t.frozen, t.balance::text AS balance,
   t.held::text AS held, nullif(trim_scale(t.fraction), 0)::text AS fraction, t.entry_count AS entries, t.metadata, ${moment('t.created_at')} AS "createdAt"`,
  'account',
)

const TRANSACTIONS = lines(
  `'transaction' AS kind, t.id, t.type, t.state, t.recipe, t.parent_id AS parent, t.account_id AS account, t.destination_id AS destination,
   t.total::text AS total, t.refunded::text AS refunded, t.currency, t.converted::text AS converted, t.converted_currency AS "convertedCurrency",
   t.rate::text AS rate, ${moment('t.expires_at')} AS "expiresAt", ${moment('t.completed_at')} AS "completedAt"`,
  'ledger_transaction',
)

const EVENTS = `SELECT cursor, line FROM (${sealedLines('$1::uuid', '0', '9223372036854775807')}) lines ORDER BY cursor`

const METADATA = `
  SELECT e.cursor, row_to_json(l)::text AS line
  FROM event e
  CROSS JOIN LATERAL (
    SELECT t.id, t.metadata FROM ledger_transaction t WHERE t.tenant_id = e.tenant_id AND t.id = e.entity_id
    UNION ALL
    SELECT p.id, p.metadata FROM ledger_transaction p WHERE p.tenant_id = e.tenant_id AND p.parent_id = e.entity_id
  ) t
  CROSS JOIN LATERAL (SELECT 'metadata' AS kind, t.id AS transaction, t.metadata::text AS text) l
  WHERE e.tenant_id = $1::uuid AND e.entity_kind = 'LedgerTransaction' AND e.type IN ${SETTLING} AND ${DATA_IS_KEPT}
    AND t.metadata <> '{}' AND jsonb_typeof(t.metadata) <> 'string'
  ORDER BY e.cursor, t.id`

const SEALS =
  'SELECT number, cursor, postings, digests, hash FROM ledger_seal WHERE tenant_id = $1::uuid ORDER BY number'

function lines(columns: string, table: string): string {
  return `SELECT json_strip_nulls(row_to_json(l))::text AS line
    FROM ${table} t CROSS JOIN LATERAL (SELECT ${columns}) l WHERE t.tenant_id = $1::uuid ORDER BY t.id`
}

/** The file, in pieces of some lines each. */
export async function* exportBooks(db: Database, books: Books): AsyncGenerator<string> {
  const digest = createHash('sha256')
  let count = 0
  for await (const page of onSnapshot(db, (read) => pages(read, books))) {
    if (page.length === 0) continue
    const text = `${page.join('\n')}\n`
    digest.update(text)
    count += page.length
    yield text
  }
  yield `${JSON.stringify({ kind: 'end', lines: count, sha256: digest.digest('hex') })}\n`
}

async function* pages(read: ReadPages, { tenantId, mode, at }: Books): AsyncGenerator<string[]> {
  for await (const [counts] of read<Record<string, unknown>>(COUNTS, [tenantId])) {
    const head = counts?.head ?? hex(genesis(tenantId).hash)
    const salt = counts?.salt ?? undefined
    yield [JSON.stringify({ kind: 'manifest', format: FORMAT, tenant: tenantId, mode, at, ...counts, head, salt })]
  }
  for (const currency of await currenciesOf(read, tenantId)) yield [JSON.stringify({ kind: 'currency', ...currency })]
  yield* linesOf(read, ACCOUNTS, tenantId)
  yield* sealedBooks(read, tenantId)
  yield* linesOf(read, TRANSACTIONS, tenantId)
}

/** The currencies of a tenant's accounts. */
export async function currenciesOf(read: ReadPages, tenantId: string): Promise<{ code: string; exponent: number }[]> {
  const found: { code: string; exponent: number }[] = []
  for await (const rows of read<{ code: string; exponent: number | null }>(CURRENCIES_OF, [tenantId])) {
    for (const { code, exponent } of rows) found.push({ code, exponent: exponent ?? findCurrency(code)?.exponent ?? 0 })
  }
  return found
}

/** The accounts, as lines. */
export function accountLines(read: ReadPages, tenantId: string): AsyncGenerator<string[]> {
  return linesOf(read, ACCOUNTS, tenantId)
}

/** The ledger's events in their order, as sealed lines. */
export function eventLines(read: ReadPages, tenantId: string): AsyncGenerator<string[]> {
  return linesOf(read, EVENTS, tenantId)
}

async function* linesOf(read: ReadPages, text: string, tenantId: string): AsyncGenerator<string[]> {
  for await (const rows of read<{ line: string }>(text, [tenantId])) yield rows.map(({ line }) => line)
}

/** Each has up to 64 KB of digests. */
const SEALS_AT_ONCE = 20
/** Each has up to 40 KB of text. */
const METADATA_AT_ONCE = 100
const LINES_AT_ONCE = 200

interface SealRow {
  readonly number: string
  readonly cursor: string
  readonly postings: number
  readonly digests: Buffer
  readonly hash: Buffer
}

interface LineRow {
  /** The event that it is or belongs to. */
  readonly cursor: string
  readonly line: string
}

/** The events in their order, the metadata of each after it, and each seal after its last event. */
async function* sealedBooks(read: ReadPages, tenantId: string): AsyncGenerator<string[]> {
  const seals = each(read<SealRow>(SEALS, [tenantId], SEALS_AT_ONCE))
  const metadata = each(read<LineRow>(METADATA, [tenantId], METADATA_AT_ONCE))
  let seal = await seals.next()
  let text = await metadata.next()
  for await (const events of read<LineRow>(EVENTS, [tenantId])) {
    let page: string[] = []
    for (const { cursor, line } of events) {
      for (; !seal.done && BigInt(seal.value.cursor) < BigInt(cursor); seal = await seals.next())
        page.push(sealLine(seal.value))
      page.push(line)
      for (; !text.done && text.value.cursor === cursor; text = await metadata.next()) page.push(text.value.line)
      if (page.length < LINES_AT_ONCE) continue
      yield page
      page = []
    }
    yield page
  }
  for (; !seal.done; seal = await seals.next()) yield [sealLine(seal.value)]
}

async function* each<Row>(pages: AsyncIterable<Row[]>): AsyncGenerator<Row, undefined> {
  for await (const page of pages) yield* page
  return undefined
}

function sealLine({ number, cursor, postings, digests, hash }: SealRow): string {
  return JSON.stringify({
    kind: 'seal',
    number: Number(number),
    cursor: Number(cursor),
    postings,
    digests: digests.toString('base64'),
    hash: hash.toString('hex'),
  })
}

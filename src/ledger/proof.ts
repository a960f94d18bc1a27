import { createHash } from 'node:crypto'
import type { Database, Transaction } from '../db/database.ts'
import { currency } from '../kernel/currency.ts'
import { type Money, money } from '../kernel/money.ts'

/** One place where the books contradict themselves. */
export interface LedgerBreak {
  readonly kind: string
  readonly message: string
  readonly accountId?: string
  readonly transactionId?: string
}

export interface LedgerProof {
  readonly balanced: boolean
  readonly accountsChecked: number
  readonly entriesChecked: bigint
  readonly breaks: readonly LedgerBreak[]
  /** SHA-256 over every account's id, balance and number of entries: two equal heads are two equal sets of books. */
  readonly head: string
  readonly checkedAt: Date
}

/** One statement that finds breaks, as rows of `kind`, `message`, `account_id`, `transaction_id`; $1 is the tenant. */
export type Check = string

const REPORTED_AT_MOST = 100

/** What the books promise about themselves. */
export const LEDGER_CHECKS: readonly Check[] = [
  `SELECT 'currency_out_of_balance' AS kind, 'all entries in ' || currency || ' sum to ' || sum(amount) AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM entry WHERE tenant_id = $1::uuid GROUP BY currency HAVING sum(amount) <> 0`,
  `SELECT 'transaction_out_of_balance' AS kind, 'its entries in ' || currency || ' sum to ' || sum(amount) AS message,
          NULL::uuid AS account_id, transaction_id
   FROM entry WHERE tenant_id = $1::uuid GROUP BY transaction_id, currency HAVING sum(amount) <> 0`,
  `SELECT 'balance_differs' AS kind, 'balance ' || a.balance || ' over ' || a.entry_count || ' entries, but they sum to '
          || coalesce(e.total, 0) || ' over ' || coalesce(e.entries, 0) AS message, a.id AS account_id, NULL::uuid AS transaction_id
   FROM account a
   LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS entries FROM entry WHERE tenant_id = $1::uuid GROUP BY account_id) e
     ON e.account_id = a.id
   WHERE a.tenant_id = $1::uuid AND (a.balance <> coalesce(e.total, 0) OR a.entry_count <> coalesce(e.entries, 0))`,
  `SELECT 'running_balance_differs' AS kind, 'entry ' || number || ' says ' || balance_after || ' after it, not ' || running AS message,
          account_id, transaction_id
   FROM (SELECT account_id, transaction_id, number, balance_after, sum(amount) OVER (PARTITION BY account_id ORDER BY number) AS running
         FROM entry WHERE tenant_id = $1::uuid) e
   WHERE balance_after <> running`,
  `SELECT 'overdrawn' AS kind, 'available is ' || (balance - held) AS message, id AS account_id, NULL::uuid AS transaction_id
   FROM account WHERE tenant_id = $1::uuid AND NOT overdraft AND balance - held < 0`,
  `SELECT 'posting_without_entries' AS kind, 'it has no entries' AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   WHERE t.tenant_id = $1::uuid AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.tenant_id = t.tenant_id AND e.transaction_id = t.id)`,
  `SELECT 'posting_without_event' AS kind, 'no event announced it' AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   WHERE t.tenant_id = $1::uuid AND NOT EXISTS (SELECT 1 FROM event e WHERE e.tenant_id = t.tenant_id AND e.entity_id = t.id)`,
]

/** Verifies the books of a tenant, and whatever other checks are given, on one snapshot. */
export async function prove(
  db: Database,
  tenantId: string,
  checkedAt: Date,
  checks: readonly Check[],
): Promise<LedgerProof> {
  return db.prisma.$transaction(
    async (tx) => {
      const breaks: LedgerBreak[] = []
      for (const check of checks) breaks.push(...(await run(tx, check, tenantId)))
      const accounts = await tx.account.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })
      const digest = createHash('sha256')
      for (const account of accounts) digest.update(`${account.id} ${account.balance} ${account.entryCount}\n`)
      return {
        balanced: breaks.length === 0,
        accountsChecked: accounts.length,
        entriesChecked: BigInt(await tx.entry.count({ where: { tenantId } })),
        breaks: breaks.slice(0, REPORTED_AT_MOST),
        head: digest.digest('hex'),
        checkedAt,
      }
    },
    { isolationLevel: 'RepeatableRead', timeout: 120_000 },
  )
}

async function run(tx: Transaction, check: Check, tenantId: string): Promise<LedgerBreak[]> {
  const rows = await tx.$queryRawUnsafe<
    { kind: string; message: string; account_id: string | null; transaction_id: string | null }[]
  >(`${check} LIMIT ${REPORTED_AT_MOST}`, tenantId)
  return rows.map(({ kind, message, account_id, transaction_id }) => ({
    kind,
    message,
    ...(account_id && { accountId: account_id }),
    ...(transaction_id && { transactionId: transaction_id }),
  }))
}

/** What the clients' side of the books adds up to, per currency: everything that came in and has not gone out. */
export async function totals(db: Database, tenantId: string): Promise<Money[]> {
  const rows = await db.query<{ currency: string; total: bigint }>(
    'ledger.totals',
    `SELECT currency, sum(balance) AS total FROM account
     WHERE tenant_id = $1 AND NOT overdraft GROUP BY currency ORDER BY currency`,
    [tenantId],
  )
  return rows.map((row) => money(row.total, currency(row.currency)))
}

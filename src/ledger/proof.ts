import type { Database } from '../db/database.ts'
import { atOneMoment, type Read } from '../db/snapshot.ts'
import { currency } from '../kernel/currency.ts'
import { type Money, money } from '../kernel/money.ts'
import { hex, type LedgerBreak } from './chain.ts'
import type { Check } from './checks.ts'
import { checkChain } from './seal.ts'

export interface LedgerProof {
  readonly balanced: boolean
  readonly accountsChecked: number
  readonly entriesChecked: bigint
  readonly breaks: readonly LedgerBreak[]
  /** The hash of the last seal, which stands for everything that was sealed. */
  readonly head: string
  readonly checkedAt: Date
}

const REPORTED_AT_MOST = 100
/**
 * Verifies the books of a tenant, whatever other checks are given, and the chain of seals, on one snapshot.
 *
 * It reads everything and writes nothing. The checks are a pass each over a table or two, summed by PostgreSQL, which
 * keeps what does not fit its memory on disk; the chain says every sealed event again, a page at a time. What comes
 * into this process does not grow with the books, but for 32 bytes a posting in passing.
 */
export async function prove(
  db: Database,
  tenantId: string,
  checkedAt: Date,
  checks: readonly Check[],
): Promise<LedgerProof> {
  return atOneMoment(db, async (read) => {
    const breaks: LedgerBreak[] = []
    for (const check of checks) breaks.push(...(await run(read, check, tenantId)))
    const chain = await checkChain(read, tenantId)
    breaks.push(...chain.breaks)
    const [counted] = await read<{ accounts: bigint; entries: bigint }>(COUNTED, [tenantId])
    return {
      balanced: breaks.length === 0,
      accountsChecked: Number(counted?.accounts ?? 0n),
      entriesChecked: counted?.entries ?? 0n,
      breaks: breaks.slice(0, REPORTED_AT_MOST),
      head: hex(chain.head),
      checkedAt,
    }
  })
}

const COUNTED = `
  SELECT (SELECT count(*) FROM account WHERE tenant_id = $1) AS accounts,
         (SELECT count(*) FROM entry WHERE tenant_id = $1) AS entries`

async function run(read: Read, check: Check, tenantId: string): Promise<LedgerBreak[]> {
  const rows = await read<{ kind: string; message: string; accountId: string | null; transactionId: string | null }>(
    `${check} LIMIT ${REPORTED_AT_MOST}`,
    [tenantId],
  )
  return rows.map(({ kind, message, accountId, transactionId }) => ({
    kind,
    message,
    ...(accountId && { accountId }),
    ...(transactionId && { transactionId }),
  }))
}

/** What the clients' side of the books adds up to, per currency: everything that came in and has not gone out. */
export async function totals(db: Database, tenantId: string): Promise<Money[]> {
  const rows = await db.query<{ currency: string; exponent: number | null; total: bigint }>(
    'ledger.totals',
    `SELECT a.currency, c.exponent, sum(a.balance) AS total
     FROM account a LEFT JOIN currency c ON c.tenant_id = a.tenant_id AND c.code = a.currency
     WHERE a.tenant_id = $1 AND NOT a.overdraft GROUP BY a.currency, c.exponent ORDER BY a.currency`,
    [tenantId],
  )
  return rows.map(({ currency: code, exponent, total }) =>
    money(total, exponent === null ? currency(code) : { code, exponent }),
  )
}

import type { Database } from '../db/database.ts'
import { dayOf, groupsOf, METADATA, monthOf, statistic, type Wanted } from '../db/groups.ts'

/** What groups of accounts, transactions or entries come to. */

export type AccountDimension =
  | 'kind'
  | 'currency'
  | 'frozen'
  | 'overdraft'
  | 'externalId'
  | 'metadata'
  | 'day'
  | 'month'
export type TransactionDimension =
  | 'type'
  | 'state'
  | 'recipe'
  | 'account'
  | 'destination'
  | 'reference'
  | 'currency'
  | 'metadata'
  | 'day'
  | 'month'
export type EntryDimension = 'account' | 'currency' | 'day' | 'month'

const ACCOUNTS = statistic({
  from: 'account',
  dimensions: {
    kind: 't.kind::text',
    currency: 't.currency',
    frozen: 't.frozen',
    overdraft: 't.overdraft',
    externalId: 't.external_id',
    metadata: METADATA,
    day: dayOf('t.created_at'),
    month: monthOf('t.created_at'),
  },
  sums: { balance: 'sum(t.balance)', held: 'sum(t.held)', available: 'sum(t.balance - t.held)' },
})

const TRANSACTIONS = statistic({
  from: 'ledger_transaction',
  dimensions: {
    type: 't.type::text',
    state: 't.state::text',
    recipe: 't.recipe',
    account: 't.account_id::text',
    destination: 't.destination_id::text',
    reference: 't.reference_id::text',
    currency: 't.currency',
    metadata: METADATA,
    day: dayOf('t.created_at'),
    month: monthOf('t.created_at'),
  },
  sums: { total: 'sum(t.total)', refunded: 'sum(t.refunded)' },
})

const ENTRIES = statistic({
  from: 'entry',
  dimensions: { account: 't.account_id::text', currency: 't.currency', day: dayOf('t.at'), month: monthOf('t.at') },
  sums: {
    received: 'coalesce(sum(t.amount) FILTER (WHERE t.amount > 0), 0)',
    paid: 'coalesce(-sum(t.amount) FILTER (WHERE t.amount < 0), 0)',
    net: 'sum(t.amount)',
  },
})

export function ledgerStats(db: Database) {
  return {
    accountStats: (wanted: Wanted<AccountDimension>) => groupsOf(db, ACCOUNTS, wanted),
    transactionStats: (wanted: Wanted<TransactionDimension>) => groupsOf(db, TRANSACTIONS, wanted),
    entryStats: (wanted: Wanted<EntryDimension>) => groupsOf(db, ENTRIES, wanted),

    /** What each account's balance was at a moment, in the order of the accounts. */
    async balancesAt(tenantId: string, accountIds: readonly string[], at: Date): Promise<bigint[]> {
      const rows = await db.query<{ balance: bigint }>(
        'ledger.balances.at',
        `SELECT account_balance_at($1, a.id, $3) AS balance
         FROM unnest($2::uuid[]) WITH ORDINALITY AS a (id, place) ORDER BY a.place`,
        [tenantId, accountIds, at],
      )
      return rows.map(({ balance }) => balance)
    },
  }
}

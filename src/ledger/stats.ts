import type { Condition } from '../db/condition.ts'
import type { Database } from '../db/database.ts'
import { Bindings, nameOf } from '../db/statement.ts'
import { DomainError } from '../kernel/errors.ts'

/** What groups of accounts, transactions or entries come to. Sums are exact, and one for each currency. */

const GROUPS_AT_MOST = 1_000
const ROWS_AT_MOST = 20_000

export interface Sum {
  readonly currency: string
  readonly minor: bigint
}

export interface Group<Dimension extends string, Name extends string> {
  /** What the rows of the group have in common. */
  readonly key: Readonly<Partial<Record<Dimension, string | boolean>>>
  readonly count: number
  readonly sums: Readonly<Record<Name, readonly Sum[]>>
}

interface Statistic<Dimension extends string, Name extends string> {
  readonly from: string
  /** What rows can be grouped by, as SQL over the alias t; the placeholder is the time zone's. */
  readonly dimensions: Readonly<Record<Dimension, string | ((timezone: string) => string)>>
  readonly sums: Readonly<Record<Name, string>>
}

export interface Wanted<Dimension extends string> {
  readonly by: readonly Dimension[]
  readonly where: readonly Condition[]
  /** Whose days are meant; UTC's when left out. */
  readonly timezone?: string | undefined
}

export type AccountDimension = 'kind' | 'currency' | 'frozen' | 'overdraft'
export type TransactionDimension = 'type' | 'state' | 'recipe' | 'account' | 'currency' | 'day'
export type EntryDimension = 'account' | 'currency' | 'day'

const ACCOUNTS = statistic({
  from: 'account',
  dimensions: { kind: 't.kind::text', currency: 't.currency', frozen: 't.frozen', overdraft: 't.overdraft' },
  sums: { balance: 'sum(t.balance)', held: 'sum(t.held)', available: 'sum(t.balance - t.held)' },
})

const TRANSACTIONS = statistic({
  from: 'ledger_transaction',
  dimensions: {
    type: 't.type::text',
    state: 't.state::text',
    recipe: 't.recipe',
    account: 't.account_id::text',
    currency: 't.currency',
    day: dayOf('t.created_at'),
  },
  sums: { total: 'sum(t.total)', refunded: 'sum(t.refunded)' },
})

const ENTRIES = statistic({
  from: 'entry',
  dimensions: { account: 't.account_id::text', currency: 't.currency', day: dayOf('t.at') },
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

function statistic<Dimension extends string, Name extends string>(options: Statistic<Dimension, Name>) {
  return options
}

/** The day of a moment, as 2026-11-21. */
function dayOf(column: string) {
  return (timezone: string) => `(${column} AT TIME ZONE ${timezone})::date::text`
}

/** @throws DomainError OUT_OF_RANGE when the groups are too many to be told: a part of them would mislead. */
async function groupsOf<Dimension extends string, Name extends string>(
  db: Database,
  { from, dimensions, sums }: Statistic<Dimension, Name>,
  { by, where, timezone = 'UTC' }: Wanted<Dimension>,
): Promise<Group<Dimension, Name>[]> {
  const bind = new Bindings()
  const keys = [...new Set(by)]
  const columns = keys.map((key) => {
    const dimension = dimensions[key]
    return typeof dimension === 'string' ? dimension : dimension(bind.add(zoneName(timezone)))
  })
  const names = Object.keys(sums) as Name[]
  const places = [...keys, 'currency'].map((_, index) => index + 1).join(', ')
  const text = `SELECT ${[
    ...columns.map((column, index) => `${column} AS key_${index}`),
    't.currency AS currency',
    'count(*) AS count',
    ...names.map((name, index) => `${sums[name]} AS sum_${index}`),
  ].join(', ')}
    FROM ${from} AS t WHERE ${bind.all(where)('t')}
    GROUP BY ${places} ORDER BY ${places} LIMIT ${ROWS_AT_MOST}`
  const rows = await db.query<Record<string, unknown>>(nameOf(`stats.${from}`, text), text, bind.values)
  const groups = merged(rows, keys, names)
  if (groups.length <= GROUPS_AT_MOST && rows.length < ROWS_AT_MOST) return groups
  throw new DomainError({ code: 'OUT_OF_RANGE', message: `there are more than ${GROUPS_AT_MOST} groups` })
}

/** Rows of one group stand beside one another, one for each currency. */
function merged<Dimension extends string, Name extends string>(
  rows: readonly Record<string, unknown>[],
  keys: readonly Dimension[],
  names: readonly Name[],
): Group<Dimension, Name>[] {
  const groups = new Map<string, { key: Group<Dimension, Name>['key']; count: number; sums: Record<Name, Sum[]> }>()
  for (const row of rows) {
    const values = keys.map((_, index) => row[`key${index}`] as string | boolean)
    const name = JSON.stringify(values)
    let group = groups.get(name)
    if (!group) {
      const key = Object.fromEntries(keys.map((each, index) => [each, values[index]]))
      const none = Object.fromEntries(names.map((each) => [each, []]))
      group = { key: key as Group<Dimension, Name>['key'], count: 0, sums: none as unknown as Record<Name, Sum[]> }
      groups.set(name, group)
    }
    group.count += Number(row.count)
    for (const [index, each] of names.entries()) {
      group.sums[each].push({ currency: row.currency as string, minor: row[`sum${index}`] as bigint })
    }
  }
  return [...groups.values()]
}

/** PostgreSQL reads a bare offset as POSIX does, west of Greenwich; everybody else means east. */
function zoneName(timezone: string): string {
  const [, sign, offset] = /^([+-])(\d.*)$/.exec(timezone) ?? []
  return sign === undefined ? timezone : `${sign === '+' ? '-' : '+'}${offset}`
}

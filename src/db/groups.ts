import { DomainError } from '../kernel/errors.ts'
import type { Condition } from './condition.ts'
import type { Database } from './database.ts'
import { Bindings, nameOf } from './statement.ts'

/** What groups of rows come to. Sums are exact, and one for each currency. */

const GROUPS_AT_MOST = 1_000
const ROWS_AT_MOST = 20_000

export interface Sum {
  readonly currency: string
  readonly minor: bigint
}

export interface Group<Dimension extends string, Name extends string> {
  /** What the rows of the group have in common; null where they have none of it. */
  readonly key: Readonly<Partial<Record<Dimension, string | boolean | null>>>
  readonly count: number
  /** How many of them meet a condition, by its name. */
  readonly counts: Readonly<Record<string, number>>
  readonly sums: Readonly<Record<Name, readonly Sum[]>>
}

/** What a question says beside its dimensions, each as the placeholder of a bound value. */
interface Said {
  timezone(): string
  metadataKey(): string
}

type Column = string | ((said: Said) => string)

/** An amount that is summed, and the column of its currency where that is another than the row's. */
type Amount = string | { readonly sum: string; readonly currency: string }

export interface Statistic<Dimension extends string, Name extends string> {
  /** What it is called, where `from` is no table but a statement. */
  readonly name?: string
  readonly from: string
  /** What rows can be grouped by, as SQL over the alias t. */
  readonly dimensions: Readonly<Record<Dimension, Column>>
  readonly sums: Readonly<Record<Name, Amount>>
  /** Which rows are counted beside all of them, as conditions in SQL over the alias t. */
  readonly counts?: Readonly<Record<string, string>>
}

export interface Wanted<Dimension extends string> {
  readonly by: readonly Dimension[]
  readonly where: readonly Condition[]
  /** Whose days are meant; UTC's when left out. */
  readonly timezone?: string | undefined
  /** Which of the metadata, where they are grouped by. */
  readonly metadataKey?: string | undefined
}

export function statistic<Dimension extends string, Name extends string>(options: Statistic<Dimension, Name>) {
  return options
}

/** The day of a moment, as 2026-11-21, and its month, as 2026-11. */
export function dayOf(column: string): Column {
  return ({ timezone }) => `(${column} AT TIME ZONE ${timezone()})::date::text`
}

export function monthOf(column: string): Column {
  return ({ timezone }) => `to_char(${column} AT TIME ZONE ${timezone()}, 'YYYY-MM')`
}

/** The value of the metadata's key that the question names. */
export const METADATA: Column = ({ metadataKey }) => `t.metadata ->> ${metadataKey()}`

/**
 * @throws DomainError OUT_OF_RANGE when the groups are too many to be told: a part of them would mislead. REQUIRED when
 * the metadata are to be grouped by no key.
 */
export async function groupsOf<Dimension extends string, Name extends string>(
  db: Database,
  { from, name = from, dimensions, sums, counts = {} }: Statistic<Dimension, Name>,
  wanted: Wanted<Dimension>,
): Promise<Group<Dimension, Name>[]> {
  const bind = new Bindings()
  const keys = [...new Set(wanted.by)]
  const said = sayer(bind, wanted)
  const columns = keys.map((key) => {
    const dimension: Column = dimensions[key]
    return typeof dimension === 'string' ? dimension : dimension(said)
  })
  const names = Object.keys(sums) as Name[]
  const amounts = names.map((name) => amountOf(sums[name]))
  const currencies = [...new Set(amounts.map(({ currency }) => currency))]
  const selected = [
    ...columns.map((column, index) => `${column} AS key_${index}`),
    ...currencies.map((column, index) => `${column} AS currency_${index}`),
    'count(*) AS count',
    ...Object.values(counts).map((condition, index) => `count(*) FILTER (WHERE ${condition}) AS count_${index}`),
    ...amounts.map(({ sum }, index) => `${sum} AS sum_${index}`),
  ]
  const places = [...columns, ...currencies].map((_, index) => index + 1).join(', ')
  const text = `SELECT ${selected.join(', ')} FROM ${from} AS t WHERE ${bind.all(wanted.where)('t')}
    GROUP BY ${places} ORDER BY ${places} LIMIT ${ROWS_AT_MOST}`
  const rows = await db.long.query<Record<string, unknown>>(nameOf(`stats.${name}`, text), text, bind.values)
  const groups = merged(
    rows,
    keys,
    Object.keys(counts),
    names.map((name, index) => ({ name, currency: currencies.indexOf(amounts[index]?.currency ?? '') })),
  )
  if (groups.length <= GROUPS_AT_MOST && rows.length < ROWS_AT_MOST) return groups
  throw new DomainError({ code: 'OUT_OF_RANGE', message: `there are more than ${GROUPS_AT_MOST} groups` })
}

function amountOf(amount: Amount): { sum: string; currency: string } {
  return typeof amount === 'string' ? { sum: amount, currency: 't.currency' } : amount
}

function sayer(bind: Bindings, { timezone = 'UTC', metadataKey }: Wanted<string>): Said {
  return {
    timezone: () => bind.add(timezone),
    metadataKey() {
      if (metadataKey !== undefined) return bind.add(metadataKey)
      throw new DomainError({ code: 'REQUIRED', message: 'grouping by METADATA needs a metadataKey' })
    },
  }
}

interface Summed<Name extends string> {
  readonly name: Name
  /** The place of its currency among those of the row. */
  readonly currency: number
}

interface Merging<Key> {
  readonly key: Key
  count: number
  readonly counts: Record<string, number>
  readonly sums: Map<string, bigint>[]
}

/** Rows of one group stand beside one another, one for each currency; of no currency there is no sum. */
function merged<Dimension extends string, Name extends string>(
  rows: readonly Record<string, unknown>[],
  keys: readonly Dimension[],
  counted: readonly string[],
  amounts: readonly Summed<Name>[],
): Group<Dimension, Name>[] {
  const groups = new Map<string, Merging<Group<Dimension, Name>['key']>>()
  for (const row of rows) {
    const values = keys.map((_, index) => row[`key${index}`] as string | boolean | null)
    const name = JSON.stringify(values)
    let group = groups.get(name)
    if (!group) {
      const key = Object.fromEntries(keys.map((each, index) => [each, values[index]]))
      group = { key: key as Group<Dimension, Name>['key'], count: 0, counts: {}, sums: amounts.map(() => new Map()) }
      groups.set(name, group)
    }
    group.count += Number(row.count)
    for (const [index, each] of counted.entries()) {
      group.counts[each] = (group.counts[each] ?? 0) + Number(row[`count${index}`])
    }
    for (const [index, { currency }] of amounts.entries()) {
      const [code, minor] = [row[`currency${currency}`] as string | null, row[`sum${index}`] as bigint | null]
      const sums = group.sums[index]
      if (sums && code !== null && minor !== null) sums.set(code, (sums.get(code) ?? 0n) + minor)
    }
  }
  return [...groups.values()].map(({ sums, ...group }) => ({ ...group, sums: named(amounts, sums) }))
}

function named<Name extends string>(amounts: readonly Summed<Name>[], sums: readonly Map<string, bigint>[]) {
  const entries = amounts.map(({ name }, index) => {
    const found = [...(sums[index] ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    return [name, found.map(([currency, minor]) => ({ currency, minor }))] as const
  })
  return Object.fromEntries(entries) as Record<Name, Sum[]>
}

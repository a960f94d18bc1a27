import type { Condition } from './condition.ts'
import type { Database } from './database.ts'
import { Bindings, nameFor } from './statement.ts'

/**
 * The one keyset pager. A page begins at a key, not at a count, so that it neither skips nor repeats a row when others
 * are inserted meanwhile. The order column may hold equal values: the id decides between them.
 */

export interface Order {
  /** A column without nulls. */
  readonly column: string
  readonly direction: 'ASC' | 'DESC'
}

/** Where a page begins or ends: the order column's value as PostgreSQL writes it, and the row's id. */
export interface Position {
  readonly value: string
  readonly id: string
}

export interface PageQuery {
  readonly from: string
  readonly where: readonly Condition[]
  readonly order: Order
  readonly size: number
  /** Whether it is the last rows before `before` that are wanted, instead of the first after `after`. */
  readonly backward: boolean
  readonly after?: Position | undefined
  readonly before?: Position | undefined
}

/** Which rows belong to a parent, as SQL over the alias of the paged table and the parent's id. */
export type Belongs = (alias: string, parent: string) => string

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  positionOf(row: Row): Position
}

/** The columns that the pager adds to a row. */
interface Paged {
  readonly id: string
  readonly positionValue: string
  readonly earlier?: boolean
  readonly later?: boolean
}

export async function page<Row extends { id: string }>(
  db: Pick<Database, 'query'>,
  query: PageQuery,
): Promise<Page<Row>> {
  const bind = new Bindings()
  const text = select(query, bind)
  return toPage<Row>(query, await db.query<Row & Paged>(nameFor(query.from, text, query.where), text, bind.values))
}

/** One page for each parent, in one statement. Parents without rows have an empty page. */
export async function pagesOf<Row extends { id: string }>(
  db: Pick<Database, 'query'>,
  query: PageQuery,
  belongs: Belongs,
  parents: readonly string[],
): Promise<Page<Row>[]> {
  const bind = new Bindings()
  const ids = bind.add(parents)
  // The rows may have a parent_id of their own.
  const text = `SELECT parent.id AS within_id, found.* FROM unnest(${ids}::uuid[]) AS parent (id)
    CROSS JOIN LATERAL (${select(query, bind, (alias) => belongs(alias, 'parent.id'))}) AS found
    ORDER BY ${inOrder('found', query.order, query.backward)}`
  const groups = new Map<string, (Row & Paged)[]>(parents.map((parent) => [parent, []]))
  for (const row of await db.query<Row & Paged & { withinId: string }>(
    nameFor(query.from, text, query.where),
    text,
    bind.values,
  )) {
    groups.get(row.withinId)?.push(row)
  }
  return parents.map((parent) => toPage<Row>(query, groups.get(parent) ?? []))
}

export async function count(db: Pick<Database, 'query'>, query: Pick<PageQuery, 'from' | 'where'>): Promise<number> {
  const bind = new Bindings()
  const text = `SELECT count(*) AS total FROM ${query.from} AS t WHERE ${bind.all(query.where)('t')}`
  const [row] = await db.query<{ total: bigint }>(nameFor(query.from, text, query.where), text, bind.values)
  return Number(row?.total ?? 0n)
}

/** How many rows each parent has, in one statement. */
export async function countsOf(
  db: Pick<Database, 'query'>,
  query: Pick<PageQuery, 'from' | 'where'>,
  belongs: Belongs,
  parents: readonly string[],
): Promise<number[]> {
  const bind = new Bindings()
  const ids = bind.add(parents)
  const text = `SELECT parent.id, (SELECT count(*) FROM ${query.from} AS t
    WHERE ${bind.all(query.where)('t')} AND ${belongs('t', 'parent.id')}) AS total
    FROM unnest(${ids}::uuid[]) AS parent (id)`
  const rows = await db.query<{ id: string; total: bigint }>(nameFor(query.from, text, query.where), text, bind.values)
  const totals = new Map(rows.map((row) => [row.id, Number(row.total)]))
  return parents.map((parent) => totals.get(parent) ?? 0)
}

/** One row more than the page holds tells whether there is another page. */
function select(query: PageQuery, bind: Bindings, belongs?: (alias: string) => string): string {
  const { from, order, after, before } = query
  const where = bind.all(query.where)
  const scope = (alias: string) => (belongs ? `${where(alias)} AND ${belongs(alias)}` : where(alias))
  const [beyond, short] = order.direction === 'ASC' ? (['>', '<'] as const) : (['<', '>'] as const)
  const key = (alias: string) =>
    keyOf(order)
      .map((column) => `${alias}.${column}`)
      .join(', ')
  const columns = [`t.*`, `t.${order.column}::text AS position_value`]
  const bounds = [scope('t')]
  if (after) {
    const position = positionOf(order, after, bind)
    bounds.push(`(${key('t')}) ${beyond} (${position})`)
    const earlier = `${scope('e')} AND (${key('e')}) ${short}= (${position})`
    columns.push(`${exists(from, earlier, inOrder('e', order, true))} AS earlier`)
  }
  if (before) {
    const position = positionOf(order, before, bind)
    bounds.push(`(${key('t')}) ${short} (${position})`)
    const later = `${scope('e')} AND (${key('e')}) ${beyond}= (${position})`
    columns.push(`${exists(from, later, inOrder('e', order, false))} AS later`)
  }
  return `SELECT ${columns.join(', ')} FROM ${from} AS t WHERE ${bounds.join(' AND ')}
    ORDER BY ${inOrder('t', order, query.backward)} LIMIT ${bind.add(query.size + 1)}`
}

function inOrder(alias: string, order: Order, backward: boolean): string {
  const direction = backward === (order.direction === 'ASC') ? 'DESC' : 'ASC'
  return keyOf(order)
    .map((column) => `${alias}.${column} ${direction}`)
    .join(', ')
}

/** The id alone needs nothing beside it to tell rows apart. */
function keyOf({ column }: Order): string[] {
  return column === 'id' ? ['id'] : [column, 'id']
}

function positionOf(order: Order, { value, id }: Position, bind: Bindings): string {
  return keyOf(order)
    .map((column) => bind.add(column === 'id' ? id : value))
    .join(', ')
}

/** Looks for the nearest row. A plain EXISTS would be answered by reading the table until one is met, half of it at times. */
function exists(from: string, where: string, nearestFirst: string): string {
  return `(SELECT TRUE FROM ${from} AS e WHERE ${where} ORDER BY ${nearestFirst} LIMIT 1) IS NOT NULL`
}

function toPage<Row extends { id: string }>(query: PageQuery, found: (Row & Paged)[]): Page<Row> {
  const { backward, size } = query
  const more = found.length > size
  const rows = more ? found.slice(0, size) : found
  if (backward) rows.reverse()
  // A page without rows has nothing to say about its neighbours; its cursor came from one of them.
  const earlier = query.after !== undefined && (found[0]?.earlier ?? true)
  const later = query.before !== undefined && (found[0]?.later ?? true)
  return {
    rows,
    hasNextPage: (!backward && more) || later,
    hasPreviousPage: (backward && more) || earlier,
    positionOf: (row) => ({ value: (row as Row & Paged).positionValue, id: row.id }),
  }
}

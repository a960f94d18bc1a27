import type { Condition } from './condition.ts'
import type { Database } from './database.ts'

/** Statements put together from conditions, each prepared under a name of its own. */

/** The rows of a table that meet all conditions. */
export function readRows<Row>(db: Database, from: string, where: readonly Condition[]): Promise<Row[]> {
  const bind = new Bindings()
  const text = `SELECT t.* FROM ${from} AS t WHERE ${bind.all(where)('t')}`
  return db.query<Row>(nameFor(from, text, where), text, bind.values)
}

/** The values of one statement, each condition's bound once however often it is written out. */
export class Bindings {
  readonly values: unknown[] = []

  add(value: unknown): string {
    return `$${this.values.push(value)}`
  }

  all(conditions: readonly Condition[]): (alias: string) => string {
    const bound = conditions.map(({ sql, values }) => ({ sql, placeholders: values.map((value) => this.add(value)) }))
    return (alias) => bound.map(({ sql, placeholders }) => sql(alias, ...placeholders)).join(' AND ') || 'TRUE'
  }
}

/** The name of a statement over such conditions; one that needs a plan of its own for its values has none. */
export function nameFor(table: string, text: string, where: readonly Condition[]): string | undefined {
  return where.some(({ varies }) => varies) ? undefined : nameOf(table, text)
}

const NAMES = new Map<string, string>()
/** Each name is a plan that every connection keeps, here and in PostgreSQL. */
const NAMES_AT_MOST = 200

/**
 * A prepared statement's name, which stands for one text. There are as many texts as callers can combine filters, orders
 * and groups: those that come first have names, and what comes after them is undefined and planned each time.
 */
export function nameOf(table: string, text: string): string | undefined {
  const known = NAMES.get(text)
  if (known !== undefined || NAMES.size >= NAMES_AT_MOST) return known
  const name = `read.${table}.${NAMES.size}`
  NAMES.set(text, name)
  return name
}

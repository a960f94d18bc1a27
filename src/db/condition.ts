import { DomainError } from '../kernel/errors.ts'

/** One part of a WHERE. Columns are words of ours; whatever a client sent is a bound value. */
export interface Condition {
  readonly values: readonly unknown[]
  /** The SQL over a table's alias, with one placeholder for each value. */
  readonly sql: (alias: string, ...placeholders: string[]) => string
  /** Whether it may leave a handful of rows or all of them, so that no plan is right for every value. */
  readonly varies?: boolean
}

/** A column of text whose order and comparisons are the same in every database, whatever its collation. */
export function bytewise(column: string): string {
  return `${column} COLLATE "C"`
}

/** No value that is kept and compared is longer: a longer text can only cost time. */
const TEXT_AT_MOST = 500
const SEARCH_AT_MOST = 100

/** @throws DomainError TOO_LONG */
export function equals(column: string, value: unknown): Condition {
  return { values: [comparable(value)], sql: (alias, placeholder) => `${alias}.${column} = ${placeholder}` }
}

/**
 * An e-mail address by its key. Case is that of ASCII, which no locale of a server changes.
 * @throws DomainError TOO_LONG
 */
export function emailIs(column: string, key: string): Condition {
  return {
    values: [comparable(key)],
    sql: (alias, placeholder) => `lower(${alias}.${column} COLLATE "C") = ${placeholder}`,
  }
}

export function oneOf(column: string, values: readonly unknown[]): Condition {
  return { values: [values], sql: (alias, placeholder) => `${alias}.${column} = ANY (${placeholder})` }
}

export function atLeast(column: string, value: unknown): Condition {
  return { values: [value], sql: (alias, placeholder) => `${alias}.${column} >= ${placeholder}` }
}

/** The same, for a column of which one value may be in a single row and another in most of them. */
export function matches(column: string, value: unknown): Condition {
  return { ...equals(column, value), varies: true }
}

export function above(column: string, value: unknown): Condition {
  return { values: [value], sql: (alias, placeholder) => `${alias}.${column} > ${placeholder}` }
}

export function below(column: string, value: unknown): Condition {
  return { values: [value], sql: (alias, placeholder) => `${alias}.${column} < ${placeholder}` }
}

export function isNull(column: string): Condition {
  return { values: [], sql: (alias) => `${alias}.${column} IS NULL` }
}

export function isNotNull(column: string): Condition {
  return { values: [], sql: (alias) => `${alias}.${column} IS NOT NULL` }
}

/**
 * Rows in which one of the columns contains the text, whatever its case.
 * @throws DomainError TOO_LONG
 */
export function contains(columns: readonly string[], text: string): Condition {
  if (text.length > SEARCH_AT_MOST) throw tooLong('search', SEARCH_AT_MOST)
  return {
    values: [`%${text.normalize('NFC').replace(/[\\%_]/g, '\\$&')}%`],
    sql: (alias, placeholder) => `(${columns.map((column) => `${alias}.${column} ILIKE ${placeholder}`).join(' OR ')})`,
  }
}

/** The value, which may be compared. @throws DomainError TOO_LONG */
export function comparable<Value>(value: Value): Value {
  if (typeof value === 'string' && value.length > TEXT_AT_MOST) throw tooLong('a text to compare with', TEXT_AT_MOST)
  return value
}

function tooLong(what: string, most: number): DomainError {
  return new DomainError({ code: 'TOO_LONG', message: `${what} must have at most ${most} characters` })
}

export const NEVER: Condition = { values: [], sql: () => 'FALSE' }

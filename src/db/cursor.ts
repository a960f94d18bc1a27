import type { Position } from './page.ts'

/**
 * A cursor is the position of a row in one order: which order, its id, and the value it stands at. It goes on working
 * when rows are inserted or deleted around it.
 */
export function encodeCursor(order: string, { value, id }: Position): string {
  return Buffer.from(`${order} ${id} ${value}`).toString('base64url')
}

/** The position that a cursor tells, and of which order; undefined when it is no cursor. */
export function readCursor(cursor: string): (Position & { readonly order: string }) | undefined {
  const [, order, id, value] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  return order === undefined || id === undefined || value === undefined ? undefined : { order, id, value }
}

/** PostgreSQL's text holds no NUL. */
const CURSOR = /^([A-Z_]{1,40}) ([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}) ([^\0]*)$/

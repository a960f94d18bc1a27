import type { Position } from '../db/page.ts'
import { badInput } from './refusal.ts'

/**
 * A cursor is the position of a row in one order: which order, its id, and the value it stands at. It goes on working
 * when rows are inserted or deleted around it.
 */
export function encodeCursor(order: string, { value, id }: Position): string {
  return Buffer.from(`${order} ${id} ${value}`).toString('base64url')
}

/** @throws GraphQLError BAD_USER_INPUT when it is no cursor of a list in this order. */
export function decodeCursor(argument: string, order: string, cursor: string): Position {
  const [, made, id, value] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  if (id === undefined || value === undefined) throw badInput(`\`${argument}\` is no cursor of this list`)
  if (made !== order) throw badInput(`\`${argument}\` is a cursor of a list in another order (${made})`)
  return { value, id }
}

/** PostgreSQL's text holds no NUL. */
const CURSOR = /^([A-Z_]{1,40}) ([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}) ([^\0]*)$/

import { readCursor } from '../db/cursor.ts'
import type { Position } from '../db/page.ts'
import { badInput } from './refusal.ts'

/** @throws GraphQLError BAD_USER_INPUT when it is no cursor of a list in this order. */
export function decodeCursor(argument: string, order: string, cursor: string): Position {
  const read = readCursor(cursor)
  if (!read) throw badInput(`\`${argument}\` is not a cursor of this list`)
  if (read.order !== order) throw badInput(`\`${argument}\` is a cursor of a list in another order (${read.order})`)
  return { value: read.value, id: read.id }
}

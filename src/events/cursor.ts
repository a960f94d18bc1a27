import { encodeCursor, readCursor } from '../db/cursor.ts'
import type { EventRow } from '../db/rows.ts'

/** Events stand in the order in which they were committed, so that a cursor of a list is a place in the stream. */
export const EVENT_ORDER = 'CURSOR'

/** An event's place, as every door shows it. */
export function eventCursor({ cursor, id }: Pick<EventRow, 'cursor' | 'id'>): string {
  return encodeCursor(EVENT_ORDER, { value: cursor.toString(), id })
}

/** The number of the place that a cursor tells; undefined when it is no cursor of an event. */
export function placeOf(cursor: string): bigint | undefined {
  const read = readCursor(cursor)
  return read?.order === EVENT_ORDER && /^\d{1,18}$/.test(read.value) ? BigInt(read.value) : undefined
}

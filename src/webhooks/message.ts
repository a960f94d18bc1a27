import type { EventRow } from '../db/rows.ts'
import { eventCursor } from '../events/cursor.ts'
import { encodeId, type IdKind, PREFIXES } from '../kernel/id.ts'
import type { Message } from './signature.ts'

export type SentEvent = Pick<
  EventRow,
  'id' | 'type' | 'at' | 'cursor' | 'sequence' | 'entityKind' | 'entityId' | 'requestId' | 'payload'
>

/** An event as receivers get it: made of what never changes, so that each try sends the same bytes. */
export function messageOf(event: SentEvent): Message {
  const { entityKind: kind, entityId, type, sequence, requestId, payload } = event
  const id = encodeId('Event', event.id)
  const entity = { kind, id: kind in PREFIXES ? encodeId(kind as IdKind, entityId) : entityId }
  const timestamp = event.at.toISOString()
  const cursor = eventCursor(event)
  return { id, body: JSON.stringify({ id, type, timestamp, cursor, sequence, entity, requestId, data: payload }) }
}

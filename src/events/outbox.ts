import type { Transaction } from '../db/database.ts'
import { sendAhead } from '../db/sending-ahead.ts'
import { newId } from '../kernel/id.ts'
import { traceparent } from '../kernel/trace.ts'
import type { NewEvent } from './catalogue.ts'

export type Emit = (event: NewEvent) => void

/** Whose events they are, when they happened, and which request asked for them. */
interface Cause {
  readonly tenantId: string
  readonly at: Date
  readonly requestId?: string | undefined
}

/** Writes events and wakes their readers. The tenant's counter is locked from here to the commit. */
export async function append(tx: Transaction, cause: Cause, events: readonly NewEvent[]): Promise<void> {
  const rows = JSON.stringify(events.map(eventRow))
  await sendAhead(tx, APPEND, cause.tenantId, rows, cause.at, cause.requestId ?? null)
}

const APPEND = 'SELECT append_events($1::uuid, $2::jsonb, $3::timestamptz, $4::text)'

/** An event as append_events takes it. */
export function eventRow({ type, entityKind, entityId, topicId, status, object }: NewEvent): object {
  const payload = { object, ...(status && { status }) }
  return { id: newId(), type, entityKind, entityId, topicId, payload, trace: traceparent() }
}

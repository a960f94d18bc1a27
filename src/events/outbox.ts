import type { Database, Transaction } from '../db/database.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { newId } from '../kernel/id.ts'
import { traceparent } from '../kernel/trace.ts'
import { isConflict } from '../kernel/unavailable.ts'
import type { NewEvent } from './catalogue.ts'
import { claim } from './idempotency.ts'

export type Emit = (event: NewEvent) => void

/** What a change is made under: whose it is, when it happens, and which request asked for it. */
export interface Change {
  readonly tenantId: string
  readonly at: Date
  readonly requestId?: string | undefined
}

const SERIALIZATION_RETRIES = 5

/**
 * One transaction that changes something: the rows and their events commit together or not at all.
 * Events are written last, because the tenant's counter is locked from there to the commit.
 */
export async function transact<T>(
  db: Database,
  change: Change,
  work: (tx: Transaction, emit: Emit) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.prisma.$transaction(async (tx) => {
        const events: NewEvent[] = []
        const result = await work(tx, (event) => events.push(event))
        if (events.length > 0) await append(tx, change, events)
        return result
      })
    } catch (error) {
      if (attempt === SERIALIZATION_RETRIES || !isConflict(error)) throw error
    }
  }
}

/**
 * A mutation, once: under an idempotency key the first request does the work and a repeat is given its object.
 * A repeat at the same moment waits, inside PostgreSQL, for the first to commit.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input, RefusedBefore when it was refused.
 */
export async function transactOnce(
  db: Database,
  call: Call,
  at: Date,
  subjectId: string,
  work: (tx: Transaction, emit: Emit) => Promise<void>,
): Promise<Done> {
  return transact(db, { tenantId: call.actor.tenantId, at, requestId: call.actor.requestId }, async (tx, emit) => {
    const earlier = await claim(tx, call, at, subjectId)
    if (earlier) return { id: earlier.subjectId, replayed: true }
    await work(tx, emit)
    return { id: subjectId, replayed: false }
  })
}

async function append(tx: Transaction, change: Change, events: readonly NewEvent[]): Promise<void> {
  const rows = JSON.stringify(events.map(eventRow))
  await tx.$executeRaw`
    SELECT append_events(${change.tenantId}::uuid, ${rows}::jsonb, ${change.at}, ${change.requestId ?? null})`
}

/** An event as append_events takes it. */
export function eventRow({ type, entityKind, entityId, topicId, status, object }: NewEvent): object {
  const payload = { object, ...(status && { status }) }
  return { id: newId(), type, entityKind, entityId, topicId, payload, trace: traceparent() }
}

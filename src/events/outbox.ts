import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { DomainError, type Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { text } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import type { NewEvent } from './catalogue.ts'

export type Emit = (event: NewEvent) => void

/** What a change is made under: whose it is, when it happens, and which request asked for it. */
export interface Change {
  readonly tenantId: string
  readonly at: Date
  readonly requestId?: string | undefined
}

const SERIALIZATION_RETRIES = 5
const IDEMPOTENCY_HOURS = 24
const IdempotencyKey = z.object({ idempotencyKey: text(255) })

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
      if (attempt === SERIALIZATION_RETRIES || !isTransient(error)) throw error
    }
  }
}

/**
 * A mutation, once: under an idempotency key the first request does the work and a repeat is given its object.
 * A repeat at the same moment waits, inside PostgreSQL, for the first to commit.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input.
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
    if (earlier) return { id: earlier, replayed: true }
    await work(tx, emit)
    return { id: subjectId, replayed: false }
  })
}

/** The object of an earlier mutation under the same key, or undefined when this one is the first. */
async function claim(tx: Transaction, call: Call, at: Date, subjectId: string): Promise<string | undefined> {
  const { idempotencyKey: key, operation, requestHash } = call
  if (key === undefined) return undefined
  assertKey(key)
  const expiresAt = new Date(at.getTime() + IDEMPOTENCY_HOURS * 3_600_000)
  const tenantId = call.actor.tenantId
  const claimed = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO idempotency_record AS r (tenant_id, id, operation, key, request_hash, subject_id, created_at, expires_at)
    VALUES (${tenantId}::uuid, ${newId()}::uuid, ${operation}, ${key}, ${requestHash}, ${subjectId}::uuid, ${at}, ${expiresAt})
    ON CONFLICT (tenant_id, operation, key) DO UPDATE
      SET request_hash = excluded.request_hash, subject_id = excluded.subject_id,
          created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= ${at}
    RETURNING r.id`
  if (claimed.length > 0) return undefined
  const earlier = await tx.idempotencyRecord.findUniqueOrThrow({
    where: { tenantId_operation_key: { tenantId, operation, key } },
  })
  if (Buffer.compare(earlier.requestHash, requestHash) !== 0) throw new DomainError(KEY_REUSED)
  if (earlier.subjectId === null) throw new Error(`idempotency record ${earlier.id} names no object`)
  return earlier.subjectId
}

/** @throws DomainError when no idempotency key can read so. */
export function assertKey(idempotencyKey: string): void {
  validate(IdempotencyKey, { idempotencyKey })
}

/** Frees the key of a mutation that came to nothing after all, so that it may be tried again. */
export async function forget(db: Database, { actor, operation, idempotencyKey: key }: Call): Promise<void> {
  if (key === undefined) return
  await db.prisma.idempotencyRecord.deleteMany({ where: { tenantId: actor.tenantId, operation, key } })
}

const KEY_REUSED: Problem = {
  code: 'IDEMPOTENCY_KEY_REUSED',
  message: 'This idempotency key was used with other input',
  field: ['idempotencyKey'],
}

async function append(tx: Transaction, change: Change, events: readonly NewEvent[]): Promise<void> {
  const rows = JSON.stringify(events.map(eventRow))
  await tx.$executeRaw`
    SELECT append_events(${change.tenantId}::uuid, ${rows}::jsonb, ${change.at}, ${change.requestId ?? null})`
}

/** An event as append_events takes it. */
export function eventRow({ type, entityKind, entityId, topicId, status, object }: NewEvent): object {
  return { id: newId(), type, entityKind, entityId, topicId, payload: { object, ...(status && { status }) } }
}

/** Deadlocks and serialization failures say nothing about the request: the same work may pass at the next try. */
function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, meta } = error as {
    code?: string
    meta?: { driverAdapterError?: { cause?: { originalCode?: string } } }
  }
  const sqlState = meta?.driverAdapterError?.cause?.originalCode
  return code === 'P2034' || sqlState === '40001' || sqlState === '40P01'
}

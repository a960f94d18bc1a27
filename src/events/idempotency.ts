import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import { type Call, keyOwnerOf } from '../kernel/actor.ts'
import { DomainError, type Problem, RefusedBefore } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { text } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'

/**
 * The records under idempotency keys: the object of what was done, which binds the key to its request for a day, or the
 * problems of what was refused, which are the answer to the same request and give way to any other.
 */

const IDEMPOTENCY_HOURS = 24
const IdempotencyKey = z.object({ idempotencyKey: text(255) })

/** @throws DomainError when no idempotency key can read so. */
export function assertKey(idempotencyKey: string): void {
  validate(IdempotencyKey, { idempotencyKey })
}

/** What an earlier request under a key came to. */
export interface Earlier {
  readonly subjectId: string
  /** What it began at a provider and is not known to have done. */
  readonly actId: string | null
}

/**
 * What the earlier mutation under the same key came to, or undefined when this one is the first.
 * @param actId names what is still to be done at a provider after the transaction
 * @throws DomainError IDEMPOTENCY_KEY_REUSED, or RefusedBefore with what the earlier one was refused for
 */
export async function claim(
  tx: Transaction,
  call: Call,
  at: Date,
  subjectId: string,
  actId: string | null = null,
): Promise<Earlier | undefined> {
  const { idempotencyKey: key, operation, requestHash } = call
  if (key === undefined) return undefined
  assertKey(key)
  const expiresAt = new Date(at.getTime() + IDEMPOTENCY_HOURS * 3_600_000)
  const { tenantId } = call.actor
  const ownerId = keyOwnerOf(call.actor)
  const claimed = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO idempotency_record AS r (tenant_id, id, owner_id, operation, key, request_hash, subject_id, act_id, created_at, expires_at)
    VALUES (${tenantId}::uuid, ${newId()}::uuid, ${ownerId}::uuid, ${operation}, ${key}, ${requestHash}, ${subjectId}::uuid, ${actId}::uuid, ${at}, ${expiresAt})
    ON CONFLICT (tenant_id, owner_id, operation, key) DO UPDATE
      SET request_hash = excluded.request_hash, subject_id = excluded.subject_id, act_id = excluded.act_id,
          problems = '[]', created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= ${at} OR (r.subject_id IS NULL AND r.request_hash <> excluded.request_hash)
    RETURNING r.id`
  if (claimed.length > 0) return undefined
  const [earlier] = await tx.$queryRaw<Kept[]>`
    SELECT request_hash = ${requestHash} AS same, subject_id, act_id, problems::text AS problems FROM idempotency_record
    WHERE tenant_id = ${tenantId}::uuid AND owner_id = ${ownerId}::uuid AND operation = ${operation} AND key = ${key}`
  // Freed in that very moment.
  if (!earlier) return claim(tx, call, at, subjectId, actId)
  if (!earlier.same) throw keyReused()
  if (earlier.subject_id === null) throw refusedBefore(earlier.problems)
  return { subjectId: earlier.subject_id, actId: earlier.act_id }
}

interface Kept {
  readonly same: boolean
  readonly subject_id: string | null
  readonly act_id: string | null
  readonly problems: string
}

/** What was to be done at a provider is done: repeats are given its object from here on. */
export async function finishAct(db: Database, call: Call, actId: string, subjectId: string): Promise<void> {
  if (call.idempotencyKey === undefined) return
  await db.prisma.idempotencyRecord.updateMany({
    where: { ...recordOf(call), actId },
    data: { subjectId, actId: null },
  })
}

/** Frees the key of an act that came to nothing. False when another request under the key has done it meanwhile. */
export async function forgetAct(
  tx: Pick<Transaction, 'idempotencyRecord'>,
  call: Call,
  actId: string,
): Promise<boolean> {
  if (call.idempotencyKey === undefined) return true
  return (await tx.idempotencyRecord.deleteMany({ where: { ...recordOf(call), actId } })).count > 0
}

/** Frees the key of a mutation that came to nothing after all, so that it may be tried again. */
export async function forget(db: Database, call: Call): Promise<void> {
  if (call.idempotencyKey === undefined) return
  await db.prisma.idempotencyRecord.deleteMany({ where: recordOf(call) })
}

/** The record of this very request. */
export function recordOf({ actor, operation, idempotencyKey: key, requestHash }: Call) {
  return {
    tenantId: actor.tenantId,
    ownerId: keyOwnerOf(actor),
    operation,
    key,
    requestHash: Uint8Array.from(requestHash),
  }
}

export function keyReused(): DomainError {
  const message = 'This idempotency key was already used with different input'
  return new DomainError({ code: 'IDEMPOTENCY_KEY_REUSED', message, field: ['idempotencyKey'] })
}

/** The refusal that was kept as this. */
export function refusedBefore(kept: string): RefusedBefore {
  const [first, ...rest] = readProblems(kept)
  if (!first) throw new Error('a refusal was kept without its problems')
  return new RefusedBefore(first, ...rest)
}

/** Problems as JSON that PostgreSQL takes: a caller's own words in them may hold what it does not. */
export function writeProblems(problems: readonly Problem[]): string {
  return JSON.stringify(problems, (_key, value: unknown) => {
    if (typeof value === 'bigint') return { [BIGINT]: value.toString() }
    if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD')
    return value
  })
}

export function readProblems(kept: string): Problem[] {
  return JSON.parse(kept, (_key, value: unknown) => (isBigint(value) ? BigInt(value[BIGINT]) : value))
}

/** JSON has no whole numbers of any size: they are kept as text under this name. */
const BIGINT = '$bigint'

function isBigint(value: unknown): value is { [BIGINT]: string } {
  return typeof value === 'object' && value !== null && BIGINT in value
}

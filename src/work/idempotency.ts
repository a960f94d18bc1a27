import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import { sendAhead } from '../db/sending-ahead.ts'
import { type Call, keyOwnerOf } from '../kernel/actor.ts'
import { DomainError, type Problem, RefusedBefore } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { text } from '../kernel/input.ts'
import { hasCode } from '../kernel/unavailable.ts'
import { validate } from '../kernel/validate.ts'

/**
 * The records under idempotency keys: the object of what was done, which binds the key to its request for a day, or the
 * problems of what was refused, which are the answer to the same request and give way to any other. The day is counted
 * by PostgreSQL's clock: a test clock that is turned ends no key.
 */

const IdempotencyKey = z.object({ idempotencyKey: text(255) })

/** @throws DomainError when no idempotency key can read so. */
export function assertKey(idempotencyKey: string): void {
  validate(IdempotencyKey, { idempotencyKey })
}

/** What a key is claimed for. */
export interface Claim {
  readonly subjectId: string
  /** Names what is still to be done at a provider after the transaction. */
  readonly actId: string | null
}

/** Claims the key of a mutation. Where it has an answer, the next statement of the transaction fails: see isAnswered. */
export async function claim(tx: Transaction, call: Call, wanted: Claim): Promise<void> {
  const claimed = claimedValues(call, wanted)
  if (claimed) await sendAhead(tx, CLAIM, ...claimed)
}

/** The same, where nothing is written together with the key. It fails itself where the key has an answer. */
export async function claimAlone(db: Database, call: Call, wanted: Claim): Promise<void> {
  const claimed = claimedValues(call, wanted)
  if (claimed) await db.query('idempotency.claim', CLAIM, claimed)
}

/** Undefined for a request without a key. */
function claimedValues(call: Call, { subjectId, actId }: Claim): readonly unknown[] | undefined {
  const { idempotencyKey: key, operation, requestHash } = call
  if (key === undefined) return undefined
  assertKey(key)
  const names = [call.actor.tenantId, newId(), keyOwnerOf(call.actor), operation, key]
  return [...names, Uint8Array.from(requestHash), subjectId, actId]
}

const CLAIM = `SELECT claim_idempotency_key($1::uuid, $2::uuid, $3::uuid, $4, $5, $6::bytea, $7::uuid, $8::uuid)`

/** Whether a transaction failed because the key that it claimed has an answer. */
export function isAnswered(error: unknown): boolean {
  return hasCode(error, 'TG001')
}

/** What an earlier request under a key came to. */
export interface Earlier {
  readonly subjectId: string
  /** What it began at a provider and is not known to have done. */
  readonly actId: string | null
}

/**
 * What the earlier mutation under the same key came to; undefined when there is none any more.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED, or RefusedBefore with what the earlier one was refused for
 */
export async function earlierAnswer(db: Database, call: Call): Promise<Earlier | undefined> {
  const { actor, operation, idempotencyKey, requestHash } = call
  const [earlier] = await db.query<Kept>(
    'idempotency.earlier',
    `SELECT request_hash = $5 AS same, subject_id, act_id, problems::text AS problems FROM idempotency_record
     WHERE tenant_id = $1 AND owner_id = $2 AND operation = $3 AND key = $4`,
    [actor.tenantId, keyOwnerOf(actor), operation, idempotencyKey, requestHash],
  )
  if (!earlier) return undefined
  const { same, subjectId, actId, problems } = earlier
  if (!same) throw keyReused()
  if (subjectId === null) throw refusedBefore(problems)
  return { subjectId, actId }
}

interface Kept {
  readonly same: boolean
  readonly subjectId: string | null
  readonly actId: string | null
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
function recordOf({ actor, operation, idempotencyKey: key, requestHash }: Call) {
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

import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { ApiKeyRow } from '../db/rows.ts'
import type { Actor, Call, Done, Role } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce, type Work } from '../work/work.ts'
import {
  ApiKeyId,
  apiKeyObject,
  CreateApiKey,
  DEFAULT_RATE_LIMIT,
  newSecret,
  type Secret,
  UpdateApiKey,
} from './api-key.ts'
import { mayActFor, outranks } from './user.ts'

/** What an organization has in one mode, beside the keys of its users. */
const KEYS_OF_ORGANIZATION = 100
const KEYS_OF_USER = 20
const DAY_MS = 24 * 3_600_000

interface Deps {
  readonly db: Database
  /** Keys end on the system's clock: who turns the test clock forward must not lock themselves out. */
  readonly clock: Clock
  readonly clocks: Clocks
}

export function keyService(parts: Deps) {
  return bound(parts, { create: createApiKey, update: updateApiKey, remove: deleteApiKey })
}

/**
 * Makes a key, which may do no more than the one that asks and ends no later. Its secret is in this answer and
 * nowhere else, so that a repeat does not have it.
 * @throws DomainError FORBIDDEN, LIMIT_REACHED when the owner has as many keys as one may have, NOT_FOUND
 */
async function createApiKey(parts: Deps, call: Call, input: unknown): Promise<Done & { secret?: string }> {
  const { clocks, db } = parts
  const { actor } = call
  const wanted = validate(CreateApiKey, withOwner(actor, input as Input))
  const userId = ownerFor(actor, wanted.role, wanted.userId)
  assertFuture(parts, wanted.expiresAt)
  const now = await clocks.now(actor)
  const id = newId()
  const secret = newSecret(actor.mode)
  const done = await transactOnce(db, call, now, id, async (work) => {
    if (userId !== null) await assertMayHave(work.tx, actor, userId, wanted.role)
    await assertRoom(work.tx, actor.tenantId, userId, now)
    const asking = await askingKey(work.tx, actor)
    assertWithin(actor, asking, wanted)
    const { name, role } = wanted
    const expiresAt = wanted.expiresAt ?? (actor.role === 'OWNER' ? null : asking.expiresAt)
    const rateLimit = wanted.rateLimit ?? usualLimit(actor, asking, userId)
    const key = { id, tenantId: actor.tenantId, name, role, userId, expiresAt, rateLimit, createdAt: now }
    await issue(work, secret, key)
  })
  return done.replayed ? done : { ...done, secret: secret.secret }
}

/**
 * Changes what is given, of a key that the actor could make; the secret stays.
 * @throws DomainError FORBIDDEN, NOT_FOUND
 */
async function updateApiKey(parts: Deps, call: Call, input: unknown): Promise<Done> {
  const { clocks, db } = parts
  const { id, ...wanted } = validate(UpdateApiKey, input)
  const { actor } = call
  const { tenantId } = actor
  assertFuture(parts, wanted.expiresAt)
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    const { role, userId } = await reachable(work.tx, actor, id, 'change')
    if (userId !== null) await assertMayHave(work.tx, actor, userId, role)
    else if (actor.userId !== null)
      throw forbidden('A key of the organization can be changed only by a key of the organization', 'id')
    assertWithin(actor, await askingKey(work.tx, actor), wanted)
    const key = await work.tx.apiKey.update({ where: { tenantId_id: { tenantId, id } }, data: wanted })
    work.emit({ type: 'api_key.updated', entityKind: 'ApiKey', entityId: id, object: apiKeyObject(key) })
  })
}

/** The key opens nothing from the commit on. */
async function deleteApiKey({ clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(ApiKeyId, input)
  const { actor } = call
  const { tenantId } = actor
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    await reachable(work.tx, actor, id, 'delete')
    const key = await work.tx.apiKey.update({ where: { tenantId_id: { tenantId, id } }, data: { deletedAt: now } })
    work.emit({ type: 'api_key.deleted', entityKind: 'ApiKey', entityId: id, object: apiKeyObject(key) })
  })
}

function assertFuture({ clock }: Deps, expiresAt: Date | null | undefined): void {
  if (!expiresAt || expiresAt > clock.now()) return
  throw new DomainError({ code: 'OUT_OF_RANGE', message: 'must be in the future', field: ['expiresAt'] })
}

type Input = Readonly<Record<string, unknown>>

/** What a member makes is the member's own unless somebody else is named: only the organization makes its keys. */
function withOwner({ userId }: Actor, input: Input): Input {
  return userId === null ? input : { ...input, userId: input.userId ?? encodeId('User', userId) }
}

/** Whose the new key is. A seller makes keys for itself, and nobody makes a key that may do more than their own. */
function ownerFor(actor: Actor, role: Role, userId: string | undefined): string | null {
  if (outranks(role, actor.role))
    throw forbidden(`Your role is not allowed to create a key with the role ${role}`, 'role')
  if (actor.role === 'USER' && userId !== actor.userId) throw notFound('User', ['userId'])
  return userId ?? null
}

/**
 * Whether the actor may make or change a key of this role for a user, who is locked until the transaction ends: a user
 * that is being deleted or demoted has no key that is not.
 */
async function assertMayHave(tx: Transaction, actor: Actor, userId: string, role: Role): Promise<void> {
  await lockRow(tx, 'app_user', actor.tenantId, userId)
  const user = await tx.user.findFirst({ where: { tenantId: actor.tenantId, id: userId, deletedAt: null } })
  if (!user) throw notFound('User', ['userId'])
  if (!mayActFor(actor, user))
    throw forbidden(`Your key is not allowed to create keys for a user with the role ${user.role}`, 'userId')
  if (outranks(role, user.role))
    throw forbidden(`The role of a key must not be higher than the role of its user, ${user.role}`, 'role')
}

/** Keys that were deleted within a day count as well: who makes keys anew all the time has no end of them either. */
async function assertRoom(tx: Transaction, tenantId: string, userId: string | null, now: Date): Promise<void> {
  // Two keys that are made at the same moment are counted one after the other.
  if (userId === null) await tx.$queryRaw`SELECT FROM tenant WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`
  const recently = new Date(now.getTime() - DAY_MS)
  const count = await tx.apiKey.count({
    where: { tenantId, userId, OR: [{ deletedAt: null }, { deletedAt: { gt: recently } }] },
  })
  const most = userId === null ? KEYS_OF_ORGANIZATION : KEYS_OF_USER
  if (count < most) return
  const whose = userId === null ? 'An organization' : 'A user'
  const message = `${whose} may have ${most} keys in a mode, counting those that were deleted in the last 24 hours`
  throw new DomainError({ code: 'LIMIT_REACHED', message, field: userId === null ? [] : ['userId'] })
}

/** The key that asks, which may have ended since it was shown; it stays as it is until the transaction ends. */
async function askingKey(tx: Transaction, { tenantId, apiKeyId }: Actor): Promise<ApiKeyRow> {
  await tx.$queryRaw`SELECT FROM api_key WHERE tenant_id = ${tenantId}::uuid AND id = ${apiKeyId}::uuid FOR SHARE`
  const key = await tx.apiKey.findFirst({ where: { tenantId, id: apiKeyId, deletedAt: null } })
  if (!key) throw new DomainError({ code: 'FORBIDDEN', message: 'The calling key was deleted' })
  return key
}

interface Bounds {
  readonly expiresAt?: Date | null | undefined
  readonly rateLimit?: number | undefined
}

/**
 * Nobody but an owner gives a key more requests than their own has, or a later end; and a seller does not decide how
 * much of the gateway is theirs.
 */
function assertWithin(actor: Actor, asking: ApiKeyRow, { expiresAt, rateLimit }: Bounds): void {
  if (rateLimit !== undefined && actor.role === 'USER')
    throw forbidden('Your role is not allowed to set this', 'rateLimit')
  if (actor.role === 'OWNER') return
  if (rateLimit !== undefined && rateLimit > asking.rateLimit) {
    throw forbidden(`must be at most ${asking.rateLimit}, the limit of your own key`, 'rateLimit')
  }
  if (expiresAt === undefined || asking.expiresAt === null) return
  if (expiresAt !== null && expiresAt <= asking.expiresAt) return
  throw forbidden(`must be no later than ${asking.expiresAt.toISOString()}, the expiry of your own key`, 'expiresAt')
}

/** What a key has when nobody says: no more than the key that made it, and for oneself the same. */
function usualLimit(actor: Actor, asking: ApiKeyRow, userId: string | null): number {
  if (actor.role === 'OWNER') return DEFAULT_RATE_LIMIT
  if (userId !== null && userId === actor.userId) return asking.rateLimit
  return Math.min(DEFAULT_RATE_LIMIT, asking.rateLimit)
}

/** The key that the actor may reach: of its own tenant, a seller's its own, and none above its rank. */
async function reachable(tx: Transaction, actor: Actor, id: string, verb: string): Promise<ApiKeyRow> {
  const mine = actor.role === 'USER' ? { userId: actor.userId } : {}
  const found = await tx.apiKey.findFirst({ where: { tenantId: actor.tenantId, id, deletedAt: null, ...mine } })
  if (!found) throw notFound('ApiKey', ['id'])
  if (outranks(found.role, actor.role)) throw forbidden(`Your role is not allowed to ${verb} this key`, 'id')
  return found
}

function forbidden(message: string, field: string): DomainError {
  return new DomainError({ code: 'FORBIDDEN', message, field: [field] })
}

export interface NewKey {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly role: Role
  readonly userId: string | null
  readonly expiresAt?: Date | null | undefined
  readonly rateLimit?: number | undefined
  readonly createdAt: Date
}

/** Writes a key's row and its event. */
export async function issue(work: Work, secret: Secret, key: NewKey): Promise<void> {
  const { hash, prefix, last4 } = secret
  const row = await work.tx.apiKey.create({ data: { ...key, hash, prefix, last4 } })
  work.emit({ type: 'api_key.created', entityKind: 'ApiKey', entityId: key.id, object: apiKeyObject(row) })
}

import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { lockRow } from '../db/lock.ts'
import type { ApiKeyRow, UserRow } from '../db/rows.ts'
import type { Emit } from '../events/outbox.ts'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce, type Work } from '../work/work.ts'
import { apiKeyObject } from './api-key.ts'
import { CreateUser, outranks, UpdateUser, UserId, userObject } from './user.ts'

/** What a change of a user ended beside it. */
export type DoneWithKeys = Done & { readonly endedKeyIds: readonly string[] }

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
}

export function userService(parts: Deps) {
  return bound(parts, { create: createUser, update: updateUser, remove: deleteUser })
}

/** @throws DomainError ALREADY_EXISTS when another user has the e-mail address */
async function createUser({ clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { organizationFeeBps = 0, ...wanted } = validate(CreateUser, input)
  const { tenantId, role } = call.actor
  if (outranks(wanted.role, role))
    throw forbidden(`Your role is not allowed to create a user with the role ${wanted.role}`, 'role')
  const now = await clocks.now(call.actor)
  const id = newId()
  return unique(() =>
    transactOnce(db, call, now, id, async (work) => {
      const data = { tenantId, id, ...wanted, organizationFeeBps, createdAt: now, updatedAt: now }
      announce(work.emit, 'user.created', await work.tx.user.create({ data }))
    }),
  )
}

/**
 * Changes a user. Somebody who may do less from then on loses the keys that may do more.
 * @throws DomainError FORBIDDEN for one's own fee, for an owner's role, and for whoever stands above
 */
async function updateUser({ clocks, db }: Deps, call: Call, input: unknown): Promise<DoneWithKeys> {
  const { id, ...wanted } = validate(UpdateUser, input)
  const { actor } = call
  const { tenantId } = actor
  const now = await clocks.now(call.actor)
  let ended: readonly ApiKeyRow[] = []
  const done = await unique(() =>
    transactOnce(db, call, now, id, async (work) => {
      const before = await lockReachable(work.tx, actor, id)
      refuse(actor, before, wanted)
      const after = await work.tx.user.update({
        where: { tenantId_id: { tenantId, id } },
        data: { ...wanted, updatedAt: now },
      })
      announce(work.emit, 'user.updated', after)
      ended = await endKeys(work, now, after, (key) => outranks(key.role, after.role))
    }),
  )
  return { ...done, endedKeyIds: ended.map((key) => key.id) }
}

/** The user is hidden from then on, and their keys end; what they sold keeps them. */
async function deleteUser({ clocks, db }: Deps, call: Call, input: unknown): Promise<DoneWithKeys> {
  const { id } = validate(UserId, input)
  const { actor } = call
  const { tenantId } = actor
  const now = await clocks.now(call.actor)
  let ended: readonly ApiKeyRow[] = []
  const done = await transactOnce(db, call, now, id, async (work) => {
    const before = await lockReachable(work.tx, actor, id)
    if (before.role === 'OWNER') throw forbidden('An OWNER cannot be deleted', 'id')
    const data = { deletedAt: now, claimFundsNextAt: null, updatedAt: now }
    const after = await work.tx.user.update({ where: { tenantId_id: { tenantId, id } }, data })
    ended = await endKeys(work, now, after, () => true)
    announce(work.emit, 'user.deleted', after)
  })
  return { ...done, endedKeyIds: ended.map((key) => key.id) }
}

/**
 * A user whom the actor may change, locked until the transaction ends.
 * @throws DomainError NOT_FOUND, or FORBIDDEN for somebody who stands above
 */
async function lockReachable(tx: Transaction, actor: Actor, id: string): Promise<UserRow> {
  const { tenantId, role, userId } = actor
  await lockRow(tx, 'app_user', tenantId, id)
  const user =
    role === 'USER' && userId !== id ? null : await tx.user.findFirst({ where: { tenantId, id, deletedAt: null } })
  if (!user) throw notFound('User', ['id'])
  if (outranks(user.role, role))
    throw forbidden(`Your role is not allowed to change a user with the role ${user.role}`, 'id')
  return user
}

function refuse(
  actor: Actor,
  before: UserRow,
  wanted: { role?: UserRow['role'] | undefined; organizationFeeBps?: number | undefined },
): void {
  if (wanted.organizationFeeBps !== undefined && (actor.userId === before.id || actor.role === 'USER')) {
    throw forbidden('Users cannot change the fee on their own payments', 'organizationFeeBps')
  }
  if (wanted.role === undefined || wanted.role === before.role) return
  if (before.role === 'OWNER') throw forbidden('The role of an OWNER cannot be changed', 'role')
  if (outranks(wanted.role, actor.role))
    throw forbidden(`Your role is not allowed to give the role ${wanted.role}`, 'role')
}

/** Ends the keys of a user that meet a condition: they open nothing from the commit on. */
async function endKeys(
  work: Work,
  now: Date,
  { tenantId, id: userId }: UserRow,
  ends: (key: ApiKeyRow) => boolean,
): Promise<readonly ApiKeyRow[]> {
  const keys = (await work.tx.apiKey.findMany({ where: { tenantId, userId, deletedAt: null } })).filter(ends)
  await work.tx.apiKey.updateMany({
    where: { tenantId, id: { in: keys.map(({ id }) => id) } },
    data: { deletedAt: now },
  })
  for (const key of keys) {
    work.emit({ type: 'api_key.deleted', entityKind: 'ApiKey', entityId: key.id, object: apiKeyObject(key) })
  }
  return keys
}

function announce(emit: Emit, type: 'user.created' | 'user.updated' | 'user.deleted', user: UserRow): void {
  emit({ type, entityKind: 'User', entityId: user.id, object: userObject(user) })
}

function forbidden(message: string, field: string): DomainError {
  return new DomainError({ code: 'FORBIDDEN', message, field: [field] })
}

async function unique<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUniqueViolation(error, 'app_user_email_key')) throw error
    throw new DomainError({ code: 'ALREADY_EXISTS', message: 'Another user has this email', field: ['email'] })
  }
}

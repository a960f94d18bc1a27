import type { Database, Transaction } from '../db/database.ts'
import { type Emit, transactOnce } from '../events/outbox.ts'
import type { Actor, Call, Done, Role } from '../kernel/actor.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { ApiKeyId, apiKeyObject, CreateApiKey, newSecret, type Secret, UpdateApiKey } from './api-key.ts'
import { outranks } from './user.ts'

interface Deps {
  readonly db: Database
  /** Keys end on the system's clock: who turns the test clock forward must not lock themselves out. */
  readonly clock: Clock
  readonly clocks: Clocks
}

export function keyService({ db, clock, clocks }: Deps) {
  function assertFuture(expiresAt: Date | null | undefined): void {
    if (!expiresAt || expiresAt > clock.now()) return
    throw new DomainError({ code: 'OUT_OF_RANGE', message: 'must be in the future', field: ['expiresAt'] })
  }

  return {
    /** Makes a key. Its secret is in this answer and nowhere else, so that a repeat does not have it. */
    async create(call: Call, input: unknown): Promise<Done & { secret?: string }> {
      const { actor } = call
      const wanted = validate(CreateApiKey, { ...itself(actor), ...(input as object) })
      const userId = ownerFor(actor, wanted.role, wanted.userId)
      assertLimitIsTheirs(actor, wanted.rateLimit)
      assertFuture(wanted.expiresAt)
      const now = await clocks.now(actor.tenantId)
      const id = newId()
      const secret = newSecret(actor.mode)
      const done = await transactOnce(db, call, now, id, async (tx, emit) => {
        if (userId !== null) {
          // A user that is being deleted has no key that is not.
          await tx.$queryRaw`SELECT 1 FROM app_user WHERE tenant_id = ${actor.tenantId}::uuid AND id = ${userId}::uuid FOR SHARE`
          const user = await tx.user.findFirst({ where: { tenantId: actor.tenantId, id: userId, deletedAt: null } })
          if (!user) throw notFound('User', ['userId'])
          if (outranks(user.role, actor.role)) throw forbidden('Your role may not make keys for this user', 'userId')
          if (outranks(wanted.role, user.role)) throw forbidden(`The user is ${user.role} and may do no more`, 'role')
        }
        const { name, role, expiresAt, rateLimit } = wanted
        const key = { id, tenantId: actor.tenantId, name, role, userId, expiresAt, rateLimit, createdAt: now }
        await issue(tx, emit, secret, key)
      })
      return done.replayed ? done : { ...done, secret: secret.secret }
    },

    /** Changes what is given; the secret stays. */
    async update(call: Call, input: unknown): Promise<Done> {
      const { id, ...wanted } = validate(UpdateApiKey, input)
      const { actor } = call
      assertLimitIsTheirs(actor, wanted.rateLimit)
      assertFuture(wanted.expiresAt)
      const now = await clocks.now(actor.tenantId)
      return transactOnce(db, call, now, id, async (tx, emit) => {
        const where = await within(tx, actor, id, 'change')
        const key = await tx.apiKey.update({ where, data: wanted })
        emit({ type: 'api_key.updated', entityKind: 'ApiKey', entityId: id, object: apiKeyObject(key) })
      })
    },

    /** The key opens nothing from the commit on. */
    async remove(call: Call, input: unknown): Promise<Done> {
      const { id } = validate(ApiKeyId, input)
      const { actor } = call
      const now = await clocks.now(actor.tenantId)
      return transactOnce(db, call, now, id, async (tx, emit) => {
        const where = await within(tx, actor, id, 'delete')
        const key = await tx.apiKey.update({ where, data: { deletedAt: now } })
        emit({ type: 'api_key.deleted', entityKind: 'ApiKey', entityId: id, object: apiKeyObject(key) })
      })
    },
  }
}

/** Whose the new key is. A seller makes keys for itself, and nobody makes a key that may do more than their own. */
function ownerFor(actor: Actor, role: Role, userId: string | undefined): string | null {
  if (outranks(role, actor.role)) throw forbidden(`Your role may not make a key of the role ${role}`, 'role')
  if (actor.role === 'USER' && userId !== actor.userId) throw notFound('User', ['userId'])
  return userId ?? null
}

/** A seller does not decide how much of the gateway is theirs. */
function assertLimitIsTheirs(actor: Actor, rateLimit: number | undefined): void {
  if (rateLimit !== undefined && actor.role === 'USER') throw forbidden('Your role may not set it', 'rateLimit')
}

/** Where the key is that the actor may change: of its own tenant, a seller's its own, and none above its rank. */
async function within(tx: Transaction, actor: Actor, id: string, verb: string) {
  const { tenantId } = actor
  const mine = actor.role === 'USER' ? { userId: actor.userId } : {}
  const found = await tx.apiKey.findFirst({ where: { tenantId, id, deletedAt: null, ...mine } })
  if (!found) throw notFound('ApiKey', ['id'])
  if (outranks(found.role, actor.role)) throw forbidden(`Your role may not ${verb} this key`, 'id')
  return { tenantId_id: { tenantId, id } }
}

/** A seller need not name itself. */
function itself({ role, userId }: Actor): object {
  return role === 'USER' && userId !== null ? { userId: encodeId('User', userId) } : {}
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
  readonly expiresAt?: Date | undefined
  readonly rateLimit?: number | undefined
  readonly createdAt: Date
}

/** Writes a key's row and its event. */
export async function issue(tx: Transaction, emit: Emit, secret: Secret, key: NewKey): Promise<void> {
  const { hash, prefix, last4 } = secret
  const row = await tx.apiKey.create({ data: { ...key, hash, prefix, last4 } })
  emit({ type: 'api_key.created', entityKind: 'ApiKey', entityId: key.id, object: apiKeyObject(row) })
}

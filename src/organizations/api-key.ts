import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { ApiKeyRow } from '../db/rows.ts'
import type { API_KEY } from '../events/objects/organization.ts'
import type { ObjectOf } from '../events/shape.ts'
import type { Mode } from '../kernel/actor.ts'
import { encodeId } from '../kernel/id.ts'
import { id, line, optional } from '../kernel/input.ts'

/** A secret key: `sk_test_…` or `sk_live_…`, kept as its SHA-256. */

export const SECRET_BYTES = 24

/** How many requests in a quarter of an hour when nobody says otherwise. */
export const DEFAULT_RATE_LIMIT = 5_000
/** What PostgreSQL counts them in would bear twice as many. */
export const MAX_RATE_LIMIT = 1_000_000_000
const rateLimit = z
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(MAX_RATE_LIMIT, `must be at most ${MAX_RATE_LIMIT}`)

export const CreateApiKey = z
  .object({
    name: line(100),
    role: z.enum(['OWNER', 'ADMIN', 'USER']),
    userId: optional(id('User')),
    expiresAt: optional(z.date()),
    rateLimit: optional(rateLimit),
  })
  .superRefine(({ role, userId }, context) => {
    if (role !== 'USER' || userId !== undefined) return
    const message = 'a key with the role USER requires a user'
    context.addIssue({ code: 'custom', message, params: { code: 'REQUIRED' }, path: ['userId'] })
  })

export const UpdateApiKey = z.object({
  id: id('ApiKey'),
  name: optional(line(100)),
  /** Null for a key that does not end. */
  expiresAt: z.date().nullable().optional(),
  rateLimit: optional(rateLimit),
})

export const ApiKeyId = z.object({ id: id('ApiKey') })

export interface Secret {
  readonly secret: string
  readonly hash: Uint8Array<ArrayBuffer>
  readonly prefix: string
  readonly last4: string
}

/** A key of these bytes, random ones unless others are given. */
export function newSecret(mode: Mode, bytes: Buffer = randomBytes(SECRET_BYTES)): Secret {
  const prefix = `sk_${mode.toLowerCase()}_`
  const secret = prefix + BigInt(`0x1${bytes.toString('hex')}`).toString(36)
  return { secret, hash: hashOf(secret), prefix, last4: secret.slice(-4) }
}

export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(secret).digest())
}

export function looksLikeKey(credential: string): boolean {
  return /^sk_(test|live)_[0-9a-z]{20,60}$/.test(credential)
}

/** The key as events and webhooks show it. */
export function apiKeyObject(key: ApiKeyRow): ObjectOf<typeof API_KEY> {
  const { id, name, prefix, last4, role, userId, expiresAt, rateLimit } = key
  return {
    id: encodeId('ApiKey', id),
    name,
    prefix,
    last4,
    role,
    user: userId && encodeId('User', userId),
    expiresAt: expiresAt?.toISOString() ?? null,
    rateLimit,
  }
}

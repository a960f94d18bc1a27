import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import type { CallBeginning, KeyedDocument } from '../faults.ts'
import type { Context } from './context.ts'
import { type ApiKey, apiKeys, type Role } from './documents.ts'
import { forbidden, notFound, unauthorized } from './errors.ts'

/** Who a request comes from: a key's realm and role. */
export interface Caller {
  readonly realm: string
  readonly role: Role
  /** 0 when the key is the organization's own. */
  readonly userId: number
  readonly organizationId: number
}

export type Env = {
  Variables: { caller: Caller }
  /** Left out for pages, which have no key. */
  Bindings: { readonly beginning?: CallBeginning }
}

const RANKS: Readonly<Record<Role, number>> = { user: 1, admin: 2, owner: 3 }

/** A realm's credentials follow from the secret alone: given out again whenever asked for, and kept nowhere in clear. */
export function apiKeyOf(secret: string, realm: string): string {
  return `sk_${realm.replaceAll('-', '')}_test_${derive(secret, 'api-key', realm).slice(0, 40)}`
}

export function webhookSecretOf(secret: string, realm: string): string {
  return `whsec_${derive(secret, 'webhook-secret', realm).slice(0, 40)}`
}

export function hashOf(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex')
}

function derive(secret: string, purpose: string, realm: string): string {
  return createHmac('sha256', secret).update(`qbitflow:${purpose}:${realm}`).digest('hex')
}

/** Lets only requests with a valid key through, and puts their caller at the route's hand. */
export function requireKey(context: Context) {
  return createMiddleware<Env>(async (c, next) => {
    const caller = await findCaller(context, c.req.header('X-API-Key'), c.env.beginning)
    if (!caller) throw unauthorized()
    c.set('caller', caller)
    await next()
  })
}

/**
 * The caller behind a key, for routes that show more to one who has it; undefined without a key.
 * @throws ApiError when there is a key and it is not valid.
 */
export async function findCaller(
  context: Context,
  apiKey: string | undefined,
  beginning: CallBeginning | undefined,
): Promise<Caller | undefined> {
  if (!apiKey) return undefined
  const caller = await callerOf(context, apiKey, beginning)
  if (!caller) throw unauthorized()
  return caller
}

/** What names the document of a key. */
export function apiKeyNamed(apiKey: string): KeyedDocument {
  return { kind: 'apiKey', name: 'hash', value: hashOf(apiKey) }
}

/** The caller behind a key, which the call has begun with or is read now; undefined where the key is not valid. */
export async function callerOf(
  context: Context,
  apiKey: string,
  beginning?: CallBeginning,
): Promise<Caller | undefined> {
  const realm = realmIn(apiKey)
  const read = () => realm && apiKeys.findBy(context.world(realm), 'hash', hashOf(apiKey))
  const key = beginning ? (beginning.caller as ApiKey | undefined) : await read()
  if (!realm || !key || (await isExpired(context, realm, key))) return undefined
  return { realm, role: key.role, userId: key.userId, organizationId: key.organizationId }
}

async function isExpired(context: Context, realm: string, key: ApiKey): Promise<boolean> {
  return key.expiresAt !== null && new Date(key.expiresAt) <= (await context.clockOf(realm))
}

/** The realm that a key says it belongs to; undefined when it is none of this server's. */
export function realmIn(apiKey: string): string | undefined {
  return /^sk_([0-9a-f]{32})_test_\w+$/
    .exec(apiKey)?.[1]
    ?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** A new key of the realm: nobody can tell it from the secret. */
export function newApiKey(realm: string): string {
  return `sk_${realm.replaceAll('-', '')}_test_${randomBytes(20).toString('hex')}`
}

/** Whether somebody may act on what belongs to this role: on their equals too, but on nobody above. */
export function outranks(caller: Caller, role: Role): boolean {
  return RANKS[caller.role] >= RANKS[role]
}

/** Lets only those through who run the organization. It goes after requireKey. */
export const requireAdmin = createMiddleware<Env>(async (c, next) => {
  if (!outranks(c.get('caller'), 'admin')) throw forbidden('this needs the role admin or owner')
  await next()
})

/** A seller acts for themselves; everyone above for the organization, which has no user id. */
export function ownerOf(caller: Caller): number | undefined {
  return caller.role === 'user' ? caller.userId : undefined
}

/** What a caller may see of a collection: a seller only their own. */
export function ownRows(caller: Caller): { userId?: number } {
  const userId = ownerOf(caller)
  return userId === undefined ? {} : { userId }
}

/** The document, if there is one and the caller may see it. @throws ApiError 404 otherwise. */
export function visible<T extends { readonly userId?: number }>(caller: Caller, document: T | undefined): T {
  const userId = ownerOf(caller)
  if (!document || (userId !== undefined && document.userId !== userId)) throw notFound()
  return document
}

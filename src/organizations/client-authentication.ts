import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import type { Actor, Call, Done, Mode } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { optional, webUrl } from '../kernel/input.ts'
import { type Recent, recent } from '../kernel/recent.ts'
import { validate } from '../kernel/validate.ts'
import { OutboundError } from '../outbound/errors.ts'
import type { Guard } from '../outbound/guard.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import { fetchFollowing, overTls } from '../outbound/redirects.ts'
import { refuseAddress } from '../outbound/refusal.ts'
import { transactOnce } from '../work/work.ts'

/** What the tenant's endpoint says of a token and an action; `unavailable` when it gave no usable answer. */
export type Verdict = 'allowed' | 'unauthenticated' | 'forbidden' | 'unavailable'

const FOLLOWED = [301, 302, 307, 308]
const HOPS_AT_MOST = 5
const PATIENCE_MS = 10_000
/** The body says nothing. */
const ANSWER_BYTES = 1

const KEPT_MS = 30_000
const KEPT_AT_MOST = 10_000
/** A token may be as long as a header can be, and is asked about in the address. */
const LONGEST_TOKEN = 4_096

const SetClientAuthentication = z.object({ url: optional(webUrl) })

interface Parts {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly outbound: GuardedFetch
  readonly addresses: Pick<Guard, 'check'>
}

interface Kept {
  readonly verdict: Promise<Verdict>
  readonly until: number
}

interface Deps extends Parts {
  /** Verdicts of the last half minute, by a hash of what was asked. */
  readonly kept: Recent<Kept>
}

/** The tokens of a tenant's own clients, which an endpoint of the tenant vouches for. */
export function clientAuthentication(parts: Parts) {
  const deps: Deps = { ...parts, kept: recent(KEPT_AT_MOST) }
  return bound(deps, { check: checkClient, set: setClientAuthentication, urlOf: clientAuthenticationUrlOf })
}

/**
 * Whether the client with this token may do all of these: each is the root field of an operation and its kind, such as
 * `products.query`.
 */
async function checkClient(
  deps: Deps,
  actor: Actor,
  url: string,
  token: string | undefined,
  actions: readonly string[],
): Promise<Verdict> {
  if (token === undefined || token.length > LONGEST_TOKEN) return 'unauthenticated'
  const asker = `${encodeId('Organization', actor.organizationId)}.${userOf(actor)}`
  const verdicts = await Promise.all(actions.map((action) => verdictOn(deps, actor, url, token, `${asker}.${action}`)))
  return verdicts.find((verdict) => verdict !== 'allowed') ?? 'allowed'
}

/**
 * Names the endpoint that is asked from then on, and so is shown the tokens of all clients; none turns the check off.
 * @throws DomainError FORBIDDEN for anybody but an owner
 */
async function setClientAuthentication({ addresses, db, clocks }: Deps, call: Call, input: unknown): Promise<Done> {
  const { url } = validate(SetClientAuthentication, input)
  const { tenantId, organizationId, mode, role } = call.actor
  if (role !== 'OWNER')
    throw new DomainError({ code: 'FORBIDDEN', message: 'Only a key with the role OWNER is allowed to do this' })
  if (url !== undefined) assertUsable(url, mode)
  refuseAddress(addresses, url, 'url')
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, organizationId, async (work) => {
    await work.tx.tenant.update({ where: { id: tenantId }, data: { clientAuthUrl: url ?? null } })
    const object = { id: encodeId('Organization', organizationId), clientAuthenticationUrl: url ?? null }
    const type = 'organization.client_authentication_set'
    work.emit({ type, entityKind: 'Organization', entityId: organizationId, object })
  })
}

/** The endpoint that is asked; null when none is. */
async function clientAuthenticationUrlOf({ db }: Deps, tenantId: string): Promise<string | null> {
  const tenant = await db.prisma.tenant.findUniqueOrThrow({ where: { id: tenantId } })
  return tenant.clientAuthUrl
}

/** Asks once for requests at the same moment and those that come soon after. No answer is not remembered. */
function verdictOn(deps: Deps, actor: Actor, url: string, token: string, action: string): Promise<Verdict> {
  const { clock, kept, outbound } = deps
  const now = clock.now().getTime()
  const name = createHash('sha256')
    .update(JSON.stringify([actor.tenantId, url, token, action]))
    .digest('base64')
  const known = kept.get(name)
  if (known && known.until > now) return known.verdict
  const verdict = ask(outbound, actor, url, token, action)
  kept.set(name, { verdict, until: now + KEPT_MS })
  const forget = () => kept.set(name, { verdict, until: 0 })
  verdict.then((said) => said === 'unavailable' && forget(), forget)
  return verdict
}

async function ask(
  outbound: GuardedFetch,
  { mode }: Actor,
  url: string,
  token: string,
  action: string,
): Promise<Verdict> {
  const target = new URL(url)
  target.searchParams.append('access_token', token)
  target.searchParams.append('action', action)
  const request = { method: 'GET', timeoutMs: PATIENCE_MS, maxAnswerBytes: ANSWER_BYTES } as const
  const fetch = mode === 'LIVE' ? overTls(outbound) : outbound
  try {
    const { status } = await fetchFollowing(fetch, target.href, request, FOLLOWED, HOPS_AT_MOST)
    return verdictOf(status)
  } catch (error) {
    if (error instanceof OutboundError) return 'unavailable'
    throw error
  }
}

/** The member whose key it is, or the key itself where it is one of the organization. */
function userOf({ userId, apiKeyId }: Actor): string {
  return userId === null ? encodeId('ApiKey', apiKeyId) : encodeId('User', userId)
}

function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'allowed'
  if (status === 403) return 'forbidden'
  return status >= 400 && status < 500 ? 'unauthenticated' : 'unavailable'
}

function assertUsable(url: string, mode: Mode): void {
  const message = 'must begin with https:// in live mode'
  if (mode === 'LIVE' && !url.startsWith('https:')) throw new DomainError({ code: 'INVALID', message, field: ['url'] })
}

import type { Context } from 'hono'
import type { Actor, Caller, Role, Terms } from '../kernel/actor.ts'
import type { Verdict } from '../organizations/client-authentication.ts'
import { clientTokenFrom, credentialFrom } from '../organizations/credential.ts'
import { type Allowance, allowanceOf, type Permit } from '../organizations/rate-limit.ts'
import { rateLimitHeaders, retryAfter } from './rate-limit-headers.ts'
import { type Env, refuse, requestIdOf } from './rest.ts'

/** What every request of a key meets, whatever it asks for. */
export interface Admission {
  readonly clock: { now(): Date }
  readonly access: { authenticate(credential: string | undefined, requestId: string): Promise<Caller | 'invalid'> }
  readonly rateLimits: { take(allowance: Allowance): Promise<Omit<Permit, 'giveBack'>> }
  readonly clientAuthentication: {
    check(actor: Actor, url: string, token: string | undefined, actions: readonly string[]): Promise<Verdict>
  }
}

/**
 * The key that asks, where its role is one of these; the refusal otherwise. The request counts one, and where the
 * tenant's own clients show tokens it needs one that allows the action.
 */
export async function authenticated(
  c: Context<Env>,
  admission: Admission,
  roles: readonly Role[],
  action: string,
): Promise<Actor | Response> {
  const credential = credentialFrom((name) => c.req.header(name))
  const caller = await admission.access.authenticate(credential, requestIdOf(c))
  if (caller === 'invalid' || caller.kind === 'anonymous') {
    c.header('www-authenticate', 'Bearer')
    const message = caller === 'invalid' ? 'The credential is not valid.' : 'A secret key is required.'
    return refuse(c, 401, 'UNAUTHENTICATED', message)
  }
  if (caller.kind !== 'key') return refuse(c, 403, 'FORBIDDEN', 'The credential is not allowed to do this.')
  const { actor, terms } = caller
  const overLimit = await count(c, admission, caller)
  if (overLimit) return overLimit
  if (!roles.includes(actor.role)) return refuse(c, 403, 'FORBIDDEN', 'The credential is not allowed to do this.')
  return (await clientRefusal(c, admission, actor, terms, action)) ?? actor
}

async function count(c: Context<Env>, { rateLimits, clock }: Admission, caller: Caller) {
  const allowance = allowanceOf(caller)
  if (!allowance) return undefined
  const permit = await rateLimits.take(allowance)
  for (const [name, value] of Object.entries(rateLimitHeaders(permit))) c.header(name, value)
  if (permit.granted) return undefined
  c.header('retry-after', retryAfter(permit, clock.now()))
  return refuse(c, 429, 'RATE_LIMITED', `The rate limit of this key is ${permit.limit} requests in 15 minutes.`)
}

async function clientRefusal(
  c: Context<Env>,
  { clientAuthentication }: Admission,
  actor: Actor,
  { clientAuthUrl }: Terms,
  action: string,
): Promise<Response | undefined> {
  if (clientAuthUrl === null) return undefined
  const token = clientTokenFrom((name) => c.req.header(name))
  switch (await clientAuthentication.check(actor, clientAuthUrl, token, [action])) {
    case 'allowed':
      return undefined
    case 'unauthenticated':
      c.header('www-authenticate', 'Bearer')
      return refuse(c, 401, 'UNAUTHENTICATED', 'A valid client token is required.')
    case 'forbidden':
      return refuse(c, 403, 'FORBIDDEN', 'The client is not allowed to do this.')
    case 'unavailable':
      return refuse(
        c,
        412,
        'PRECONDITION_FAILED',
        'The client could not be checked, because the authentication endpoint gave no usable answer.',
      )
  }
}

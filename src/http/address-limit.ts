import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { recent } from '../kernel/recent.ts'
import { sendError } from './answers.ts'
import { clientAddress } from './client-address.ts'
import { type Env, refuse } from './rest.ts'

/** What an address may ask without a key. A key has a limit of its own, by which its requests are counted instead. */

const AT_ONCE = 600
const PER_SECOND = 20
const ONE_MS = 1_000 / PER_SECOND
/** Some 150 bytes each. The one that asked longest ago is forgotten first. */
const ADDRESSES_AT_MOST = 20_000

export interface AddressLimit {
  /** Counts one request. Answers after how many seconds the address may ask again; undefined where it may ask now. */
  take(address: string): number | undefined
  /** The same without counting. */
  wait(address: string): number | undefined
}

export function addressLimit(now: () => number = () => performance.now()): AddressLimit {
  /** The moment at which each address has its whole share again. */
  const wholeAt = recent<number>(ADDRESSES_AT_MOST)
  const next = (address: string) => Math.max(wholeAt.get(address) ?? 0, now()) + ONE_MS

  function wait(address: string): number | undefined {
    const tooEarlyMs = next(address) - now() - AT_ONCE * ONE_MS
    return tooEarlyMs > 0 ? Math.ceil(tooEarlyMs / 1_000) : undefined
  }

  return {
    wait,
    take(address) {
      const seconds = wait(address)
      if (seconds === undefined) wholeAt.set(address, next(address))
      return seconds
    },
  }
}

export function tooManyMessage(seconds: number): string {
  return `An address may make ${AT_ONCE} requests without a key, and ${PER_SECOND} more each second; ask again in ${seconds} seconds`
}

/** Whether the request of an address that has asked too much was refused. */
export function refusedByAddress(limit: AddressLimit, request: IncomingMessage, response: ServerResponse): boolean {
  const seconds = limit.take(clientAddress(request))
  if (seconds === undefined) return false
  response.setHeader('retry-after', String(seconds))
  sendError(response, 429, 'RATE_LIMITED', `${tooManyMessage(seconds)}.`)
  return true
}

/** The same for routes: the refusal, or undefined where the address may ask. */
export function overAddressLimit(c: Context<Env>, limit: AddressLimit): Response | undefined {
  return tooMany(c, limit.take(clientAddress(c.env.incoming)))
}

/** The refusal of what the address would have to prove, where it has failed to too often; nothing is counted. */
export function afterFailures(c: Context<Env>, limit: AddressLimit): Response | undefined {
  return tooMany(c, limit.wait(clientAddress(c.env.incoming)))
}

function tooMany(c: Context<Env>, seconds: number | undefined): Response | undefined {
  if (seconds === undefined) return undefined
  c.header('retry-after', String(seconds))
  return refuse(c, 429, 'RATE_LIMITED', `${tooManyMessage(seconds)}.`)
}

/** For routes that ask for no key. */
export function limitRequests(limit: AddressLimit): MiddlewareHandler<Env> {
  return async (c, next) => overAddressLimit(c, limit) ?? next()
}

/**
 * For routes on which a request proves who sends it: those that are answered so have failed to. What is proven is not
 * counted, so that a provider may send any number of notifications from an address that others use too.
 */
export function limitFailures(limit: AddressLimit, ...statuses: readonly number[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    const refused = statuses.includes(c.res.status) ? overAddressLimit(c, limit) : undefined
    if (!refused) return
    c.res = undefined
    c.res = refused
  }
}

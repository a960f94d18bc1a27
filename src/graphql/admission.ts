import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { tooManyMessage } from '../http/address-limit.ts'
import { clientAddress } from '../http/client-address.ts'
import { rateLimitHeaders, retryAfter } from '../http/rate-limit-headers.ts'
import { timezoneNamed } from '../kernel/timezone.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { clientTokenFrom, credentialFrom, type ReadHeader } from '../organizations/credential.ts'
import { allowanceOf, type Permit } from '../organizations/rate-limit.ts'
import { asRefusal } from './availability.ts'
import type { Asked, FromDoor } from './engine.ts'
import { refusal } from './refusal.ts'
import type { Services } from './services.ts'
import { UNKNOWN_TIMEZONE } from './timezone.ts'
import { NEWEST_VERSION, versionOn } from './version.ts'

/** What every request meets at either door before it is read: who asks, and whether they may at this moment. */

type Door = Pick<Services, 'access' | 'rateLimits' | 'addressLimit' | 'clock' | 'log'>

interface Request {
  readonly header: ReadHeader
  readonly requestId: string
  /** Where it comes from, as clientAddress says it; undefined for what is not counted by its address. */
  readonly address: string | undefined
  readonly overSocket: boolean
}

/**
 * Counts the request of a key or a client secret by what it shows, and any other by the address that it comes from.
 * Where it cannot be found out who asks, the request is refused as one that may be sent again.
 */
export async function admit(door: Door, request: Request): Promise<FromDoor> {
  try {
    return await admitted(door, request)
  } catch (error) {
    const away = unavailable(error)
    if (!away) throw error
    const { requestId, overSocket } = request
    door.log.warn({ err: error, requestId }, 'a request could not be answered at this moment')
    return { asked: { caller: { kind: 'anonymous', requestId }, overSocket }, refusal: asRefusal(away) }
  }
}

async function admitted({ access, rateLimits, addressLimit, clock }: Door, request: Request): Promise<FromDoor> {
  const { header, requestId, address, overSocket } = request
  const asked: Omit<Asked, 'caller'> = {
    overSocket,
    idempotencyKey: overSocket ? undefined : header('idempotency-key'),
    timezone: header('time-zone') || undefined,
    clientToken: clientTokenFrom(header),
  }
  const caller = await access.authenticate(credentialFrom(header), requestId)
  if (caller === 'invalid' || caller.kind === 'anonymous') {
    const seconds = address === undefined ? undefined : addressLimit.take(address)
    const tooMany = seconds === undefined ? undefined : tooEarly(tooManyMessage(seconds), String(seconds))
    const refusal = tooMany ?? (caller === 'invalid' ? INVALID : wrongHeader(header, clock.now()))
    return { asked: { ...asked, caller: { kind: 'anonymous', requestId } }, refusal }
  }
  const allowance = allowanceOf(caller)
  const permit = allowance && (await rateLimits.take(allowance))
  const isOver = permit !== undefined && !permit.granted
  return {
    asked: { ...asked, caller, permit },
    refusal: isOver ? overLimit(permit, clock.now()) : wrongHeader(header, clock.now()),
  }
}

/** The same for a request over HTTP, whose answer says in its headers how it was understood. */
export async function admitHttp(door: Door, request: IncomingMessage, response: ServerResponse): Promise<FromDoor> {
  const { headers, method } = request
  const header = readHeaders(headers)
  response.setHeader('x-api-version', versionFor(header, door.clock.now()) ?? NEWEST_VERSION)
  if (header('x-api-version') === undefined) response.setHeader('warning', NO_VERSION)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  // A browser asks for leave before its request, which is counted itself.
  const address = method === 'OPTIONS' ? undefined : clientAddress(request)
  const requestId = header('x-request-id') ?? ''
  const admitted = await admit(door, { header, requestId, address, overSocket: false })
  const { permit } = admitted.asked
  if (permit) {
    for (const [name, value] of Object.entries(rateLimitHeaders(permit))) response.setHeader(name, value)
  }
  const setHeader = (name: string, value: string) => void response.setHeader(name, value)
  return { ...admitted, asked: { ...admitted.asked, gone: gone.signal, setHeader } }
}

/** The version that is wanted, the newest where none is named; undefined where there is none of that day. */
export function versionFor(header: ReadHeader, now: Date): string | undefined {
  const day = header('x-api-version')
  return day === undefined ? NEWEST_VERSION : versionOn(day, now)
}

export function readHeaders(headers: IncomingHttpHeaders): ReadHeader {
  return (name) => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
}

const INVALID = refusal('UNAUTHENTICATED', 'The credential is not valid', 401, { 'www-authenticate': 'Bearer' })
export const UNKNOWN_VERSION_MESSAGE = `X-API-Version must be a date such as ${NEWEST_VERSION}: not before the first version of the API, and not in the future`
const NO_VERSION = `299 - "No X-API-Version was sent: the newest version is used, ${NEWEST_VERSION}"`

function overLimit(permit: Permit, now: Date) {
  const seconds = retryAfter(permit, now)
  return tooEarly(
    `The rate limit of this credential is ${permit.limit} requests in 15 minutes; try again in ${seconds} seconds`,
    seconds,
  )
}

function tooEarly(message: string, seconds: string) {
  return refusal('RATE_LIMITED', message, 429, { 'retry-after': seconds })
}

/** Why the request cannot be answered as its headers want it. */
function wrongHeader(header: ReadHeader, now: Date) {
  if (versionFor(header, now) === undefined) return refusal('BAD_USER_INPUT', UNKNOWN_VERSION_MESSAGE, 400)
  const timezone = header('time-zone')
  return timezone && timezoneNamed(timezone) === undefined
    ? refusal('BAD_USER_INPUT', UNKNOWN_TIMEZONE, 400)
    : undefined
}

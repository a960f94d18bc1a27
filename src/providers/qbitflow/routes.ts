import { z } from 'zod'
import { ProviderError, ProviderLacks, ProviderRefused } from '../errors.ts'
import type { CapabilityName, Routes } from '../port/routes.ts'
import { type Client, PROVIDER } from './client.ts'

/** Which routes the server behind a connection has: versions of QBitFlow's API differ in them under one address. */

type Route = readonly ['GET' | 'POST', string]

const SESSION = '/transaction/session-checkout'

export const NEW_SESSION: Readonly<Record<'PAYMENT' | 'SUBSCRIPTION' | 'PAY_AS_YOU_GO', Route>> = {
  PAYMENT: ['POST', `${SESSION}/new/payment`],
  SUBSCRIPTION: ['POST', `${SESSION}/new/subscription`],
  // Pay as you go has the older route, where the kind stands among the options.
  PAY_AS_YOU_GO: ['POST', `${SESSION}/`],
}

export const REPORT_USAGE: Route = ['POST', '/transaction/subscription/payg/increase-units-current-period']
export const RECEIVED = '/transaction/payments/combined'
export const WAITING_REFUNDS = '/transaction/refunds/all'
export const ANSWERED_REFUNDS = '/transaction/refunds/all/inactive'

/** Asked with nothing in them, each is answered or refused as incomplete where it is there, and changes nothing. */
const ROUTES: Readonly<Record<CapabilityName, readonly Route[]>> = {
  CHECKOUTS: [NEW_SESSION.PAYMENT],
  SUBSCRIPTIONS: [NEW_SESSION.SUBSCRIPTION],
  PAY_AS_YOU_GO: [NEW_SESSION.PAY_AS_YOU_GO, REPORT_USAGE],
  REFUNDS: [
    ['GET', WAITING_REFUNDS],
    ['GET', `${ANSWERED_REFUNDS}?limit=1`],
  ],
  // Its API issues no refunds.
  ISSUED_REFUNDS: [],
  STATUS: [['GET', '/transaction/status']],
  PAYMENT_LIST: [['GET', `${RECEIVED}?limit=1`]],
}

export function routesOf(client: Client): Routes {
  return {
    differing: ['PAY_AS_YOU_GO'],

    async missing(of) {
      const there = await Promise.all(
        of.map(async (name) => (await Promise.all(ROUTES[name].map((route) => isThere(client, route)))).every(Boolean)),
      )
      return of.filter((_, index) => !there[index])
    },
  }
}

async function isThere({ call }: Client, [method, path]: Route): Promise<boolean> {
  try {
    await call(z.unknown(), method, path, method === 'POST' ? {} : undefined)
    return true
  } catch (error) {
    if (error instanceof ProviderError) return !saysMissing(error)
    throw error
  }
}

/**
 * Rejects with why a call was refused. Its 404 may be about the route or about an object that the call named: the route,
 * asked without any object, tells which.
 */
export async function rejectAsked(client: Client, of: CapabilityName, route: Route, error: unknown): Promise<never> {
  if (saysMissing(error) && !(await isThere(client, route))) throw lacks(of, error)
  throw error
}

/** The same of a route that names no object: its 404 can only be about itself. */
export function rejectListed(of: CapabilityName): (error: unknown) => never {
  return (error) => {
    throw saysMissing(error) ? lacks(of, error) : error
  }
}

function lacks(of: CapabilityName, { failure }: ProviderRefused): ProviderLacks {
  return new ProviderLacks(PROVIDER, of, failure.providerCode)
}

const MISSING = ['404', '405', '410']

function saysMissing(error: unknown): error is ProviderRefused {
  return error instanceof ProviderRefused && MISSING.includes(error.failure.providerCode ?? '')
}

import { fromString, fromUUID, toUUID } from 'typeid-js'
import { uuidv7 } from 'uuidv7'

/** The prefix of each kind of id on the API. The database keeps the bare UUIDv7. */
export const PREFIXES = {
  Organization: 'org',
  User: 'user',
  ApiKey: 'key',
  Product: 'prod',
  Customer: 'cust',
  Checkout: 'chk',
  Payment: 'pay',
  Refund: 'rfnd',
  Subscription: 'sub',
  Billing: 'bill',
  ClaimFunds: 'claim',
  Account: 'acct',
  LedgerTransaction: 'txn',
  Entry: 'ent',
  Currency: 'cur',
  Rate: 'rate',
  Event: 'evt',
  WebhookEndpoint: 'whe',
  WebhookDelivery: 'whd',
} as const

export type IdKind = keyof typeof PREFIXES

const KIND_OF = new Map(Object.entries(PREFIXES).map(([kind, prefix]) => [prefix as string, kind as IdKind]))

export function newId(): string {
  return uuidv7()
}

/** `chk_01j…` for a UUID. */
export function encodeId(kind: IdKind, uuid: string): string {
  return fromUUID(uuid, PREFIXES[kind])
}

/** The kind and UUID of an id from the API; undefined when it is none of ours. */
export function decodeId(text: string): { kind: IdKind; uuid: string } | undefined {
  const kind = KIND_OF.get(text.slice(0, Math.max(0, text.lastIndexOf('_'))))
  if (!kind) return undefined
  try {
    return { kind, uuid: toUUID(fromString(text)) }
  } catch {
    return undefined
  }
}

import { isUuid } from '../fields.ts'
import { notFound } from './errors.ts'

/** A numeric id in a path. @throws ApiError 404 when it is none. */
export function numberIn(text: string): string {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw notFound()
  return text
}

/** A bare UUID in a path, as the store keeps it. @throws ApiError 404 when it is none. */
export function uuidIn(text: string): string {
  if (!isUuid(text)) throw notFound()
  return text.toLowerCase()
}

const PREFIX = {
  payment: 'pay',
  subscription: 'sub',
  payAsYouGo: 'payg',
  subscriptionHistory: 'sub-hist',
  refund: 'refund',
} as const

export type TransactionKind = keyof typeof PREFIX

/** What an id with this prefix may name. Some clients know no prefix of its own for what is paid as it goes. */
const KINDS: Readonly<Record<string, readonly TransactionKind[]>> = {
  pay: ['payment'],
  sub: ['subscription', 'payAsYouGo'],
  payg: ['payAsYouGo'],
  'sub-hist': ['subscriptionHistory'],
  refund: ['refund'],
}

/**
 * A transaction's UUID in a path, with or without a prefix of its kind. @throws ApiError 404 when it is none, or its
 * prefix is of none of these kinds.
 */
export function transactionIn(text: string, ...kinds: readonly TransactionKind[]): string {
  const at = text.indexOf('@')
  const named = at < 0 ? undefined : (KINDS[text.slice(0, at)] ?? [])
  const isNamed =
    named === undefined || (named.length > 0 && kinds.length === 0) || named.some((kind) => kinds.includes(kind))
  if (!isNamed) throw notFound()
  return uuidIn(text.slice(at + 1))
}

/** The UUID as the API writes it: with the prefix of its kind, a payment's unless it says otherwise. */
export function transactionId({ uuid, kind = 'payment' }: { uuid: string; kind?: TransactionKind }): string {
  return `${PREFIX[kind]}@${uuid}`
}

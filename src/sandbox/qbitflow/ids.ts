import type { Session } from './documents.ts'
import { notFound } from './errors.ts'
import { isUuid } from './fields.ts'

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

/** A transaction's UUID in a path, with or without a prefix of its kind. @throws ApiError 404 when it is none. */
export function transactionIn(text: string): string {
  const at = text.indexOf('@')
  if (at >= 0 && text.slice(0, at) !== 'pay') throw notFound()
  return uuidIn(text.slice(at + 1))
}

/** The UUID as the API writes it. */
export function transactionId({ uuid }: Pick<Session, 'uuid'>): string {
  return `pay@${uuid}`
}

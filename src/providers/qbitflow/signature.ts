import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseJson, TooDeep } from '../../kernel/json.ts'
import { ForgedNotification } from '../errors.ts'
import type { SignedNotification } from '../port/notifications.ts'

const TOLERANCE_SECONDS = 300

/**
 * Proves a webhook: HMAC-SHA256 under the webhook secret over `timestamp.canonical(payload)`, in
 * `X-Webhook-Signature-256: sha256=<hex>`, not older or newer than 300 seconds.
 * @throws ForgedNotification
 */
export function proveSignature(secret: string, headers: Headers, rawBody: string, now: Date): void {
  const timestamp = headers.get('x-webhook-timestamp') ?? ''
  const signature = headers.get('x-webhook-signature-256') ?? ''
  proveSigned(secret, { rawBody, signature, timestamp }, now)
}

/**
 * The same for a notification that comes in its parts.
 * @throws ForgedNotification
 */
export function proveSigned(
  secret: string,
  { rawBody, signature, timestamp = '' }: SignedNotification,
  now: Date,
): void {
  if (!/^[+-]?[0-9]+$/.test(timestamp)) throw new ForgedNotification('the timestamp is missing or malformed')
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    throw new ForgedNotification('the timestamp is too far from now')
  }
  const expected = Buffer.from(`sha256=${signatureOf(secret, timestamp, rawBody)}`)
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ForgedNotification('the signature does not match')
  }
}

/** Lower-case hex of the signature over a JSON text. */
export function signatureOf(secret: string, timestamp: string, json: string): string {
  return createHmac('sha256', secret)
    .update(`${timestamp}.${canonical(parse(json))}`)
    .digest('hex')
}

function parse(json: string): unknown {
  try {
    return parseJson(json)
  } catch (error) {
    throw new ForgedNotification(error instanceof TooDeep ? `the body ${error.message}` : 'the body is not JSON')
  }
}

/** A value as Go's encoding/json writes it: keys sorted by their UTF-8 bytes, <, >, & and line separators escaped. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${members.map(([key, member]) => `${escaped(key)}:${canonical(member)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

function escaped(text: string): string {
  const hex = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, hex)
}

import { createHmac, timingSafeEqual } from 'node:crypto'

/** A signature older or newer than this is refused. */
const TOLERANCE_SECONDS = 300

/**
 * The text that is signed: JSON as Go's encoder writes a parsed value. Keys in the order of their UTF-8 bytes, no
 * blanks, `<`, `>`, `&` and the two line separators escaped.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, member]) => `${canonicalString(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

const LONE_SURROGATES = /\p{Cs}/gu
const GO_ESCAPES = /[<>&\u2028\u2029]/g

function canonicalString(text: string): string {
  return JSON.stringify(text.replace(LONE_SURROGATES, '\uFFFD')).replace(
    GO_ESCAPES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The value of X-Webhook-Signature-256 without its `sha256=`. */
export function sign(secret: string, timestamp: string, payload: unknown): string {
  return createHmac('sha256', secret)
    .update(`${timestamp}.${canonicalJson(payload)}`)
    .digest('hex')
}

/** Takes the signature with or without `sha256=`. */
export function isSigned(secret: string, timestamp: string, payload: unknown, signature: string, now: Date): boolean {
  if (!/^[+-]?\d{1,15}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false
  const expected = Buffer.from(sign(secret, timestamp, payload))
  const received = Buffer.from(signature.replace(/^sha256=/, ''))
  return expected.length === received.length && timingSafeEqual(expected, received)
}

import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { WebhookEndpointRow } from '../db/rows.ts'
import { type Binding, decrypt, encrypt } from '../kernel/encryption.ts'

/** How a receiver knows that a message is ours: https://www.standardwebhooks.com */

const PREFIX = 'whsec_'
const SECRET_BYTES = 32
export const OLD_SECRET_HOURS = 24

export interface Message {
  /** The same at each try, so that a receiver knows a repeat. */
  readonly id: string
  readonly body: string
}

/** What a request is signed with: an endpoint's own secret, or two of them for a day after a rotation. */
export function signedHeaders(message: Message, at: Date, secrets: readonly string[]): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1_000)
  return {
    'content-type': 'application/json',
    'user-agent': 'Tollgate',
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets.map((secret) => signatureOf(message, timestamp, secret)).join(' '),
  }
}

function signatureOf({ id, body }: Message, timestamp: number, secret: string): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

export function newWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/** What messages to the webhook addresses of a tenant's checkouts are signed with. */
export function tenantWebhookSecret(secretKey: Uint8Array, tenantId: string): string {
  const bytes = hkdfSync('sha256', secretKey, tenantId, 'tollgate checkout webhooks', SECRET_BYTES)
  return PREFIX + Buffer.from(bytes).toString('base64')
}

/** An endpoint's secret as its row keeps it. */
export function sealSecret(secretKey: Uint8Array, endpointId: string, secret: string): Uint8Array<ArrayBuffer> {
  return encrypt(bindingOf(secretKey, endpointId), secret)
}

/** The secrets that an endpoint's messages are signed with at this moment of its tenant, the latest first. */
export function secretsOf(
  secretKey: Uint8Array,
  endpoint: Pick<WebhookEndpointRow, 'id' | 'secret' | 'previousSecret' | 'previousEndsAt'>,
  now: Date,
): string[] {
  const { id, secret, previousSecret, previousEndsAt } = endpoint
  const current = decrypt(bindingOf(secretKey, id), secret)
  if (previousSecret === null || previousEndsAt === null || previousEndsAt <= now) return [current]
  return [current, decrypt(bindingOf(secretKey, id), previousSecret)]
}

function bindingOf(secretKey: Uint8Array, endpointId: string): Binding {
  return { secretKey, purpose: 'tollgate webhook secrets', rowId: endpointId }
}

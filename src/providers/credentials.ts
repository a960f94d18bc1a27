import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

export type Credentials = Readonly<Record<string, string>>

/** Encrypts credentials for the database, bound to the connection they belong to. */
export function sealCredentials(
  secretKey: Uint8Array,
  connectionId: string,
  credentials: Credentials,
): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, sealingKey(secretKey), nonce).setAAD(Buffer.from(connectionId))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
  return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), sealed]))
}

/** @throws when the bytes were sealed under another key or for another connection. */
export function openCredentials(secretKey: Uint8Array, connectionId: string, bytes: Uint8Array): Credentials {
  const sealed = Buffer.from(bytes)
  const decipher = createDecipheriv(ALGORITHM, sealingKey(secretKey), sealed.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(connectionId))
    .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  return JSON.parse(text.toString('utf8'))
}

function sealingKey(secretKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretKey, '', 'tollgate provider credentials', 32))
}

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Secrets that must be read again, as the database keeps them: AES-256-GCM. */

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What is encrypted, and for whom: the bytes open for the same purpose and the same row only. */
export interface Binding {
  readonly secretKey: Uint8Array
  readonly purpose: string
  readonly rowId: string
}

export function encrypt({ rowId, ...binding }: Binding, text: string): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, keyFor(binding), nonce).setAAD(Buffer.from(rowId))
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), encrypted]))
}

/** @throws when the bytes were changed, or encrypted under another binding. */
export function decrypt({ rowId, ...binding }: Binding, bytes: Uint8Array): string {
  const encrypted = Buffer.from(bytes)
  const decipher = createDecipheriv(ALGORITHM, keyFor(binding), encrypted.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(rowId))
    .setAuthTag(encrypted.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const text = Buffer.concat([decipher.update(encrypted.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  return text.toString('utf8')
}

function keyFor({ secretKey, purpose }: Omit<Binding, 'rowId'>): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretKey, '', purpose, 32))
}

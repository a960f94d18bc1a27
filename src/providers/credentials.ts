import { type Binding, decrypt, encrypt } from '../kernel/encryption.ts'

export type Credentials = Readonly<Record<string, string>>

/** Encrypts credentials for the database, bound to the connection they belong to. */
export function sealCredentials(
  secretKey: Uint8Array,
  connectionId: string,
  credentials: Credentials,
): Uint8Array<ArrayBuffer> {
  return encrypt(bindingOf(secretKey, connectionId), JSON.stringify(credentials))
}

/** @throws when the bytes were sealed under another key or for another connection. */
export function openCredentials(secretKey: Uint8Array, connectionId: string, bytes: Uint8Array): Credentials {
  return JSON.parse(decrypt(bindingOf(secretKey, connectionId), bytes))
}

function bindingOf(secretKey: Uint8Array, connectionId: string): Binding {
  return { secretKey, purpose: 'tollgate provider credentials', rowId: connectionId }
}

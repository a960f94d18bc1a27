import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

const SALT_BYTES = 16
const HASH_BYTES = 32
const COST = { N: 2 ** 15, r: 8, p: 1 }
/** What that cost takes, with room: 128 · N · r bytes. */
const MEMORY_BYTES = 64 * 1024 * 1024

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

/** A password as it is kept: scrypt with its parameters and salt, of which nobody reads the password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password.normalize('NFKC'), salt, HASH_BYTES, { ...COST, maxmem: MEMORY_BYTES })
  return `scrypt:${COST.N}:${COST.r}:${COST.p}:${salt.toString('base64')}:${hash.toString('base64')}`
}

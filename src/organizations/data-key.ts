import { randomBytes } from 'node:crypto'
import { type Client, openConnection } from '../db/connection.ts'
import { decrypt, encrypt } from '../kernel/encryption.ts'
import { StartError } from '../kernel/start-error.ts'
import { openCredentials } from '../providers/credentials.ts'

/**
 * Secrets in the database are encrypted with a data key, or derived from it. The data key itself is in the database,
 * encrypted with the installation's secret key: so a wrong secret key is found out at the start, and another can take
 * its place without a change to anything else.
 */

const DATA_KEY_BYTES = 32
const PURPOSE = 'tollgate data key'
const ROW = 'data_key'
const WRONG_KEY =
  'SECRET_KEY, or the key in DATA_DIR where it is not set, is not the key of this database: its secrets cannot be read; set the right key'

/**
 * The data key, made at the first start with the secret key. After a change of the secret key that was cut off,
 * `next` may be the one that opens it. Raises a StartError where neither does.
 */
export async function readDataKey(url: string, secretKey: Uint8Array, next?: Uint8Array): Promise<Buffer> {
  return withConnection(url, async (client) => {
    const sealed = (await readSealed(client)) ?? (await keepFirst(client, secretKey))
    return (next && tryUnseal(next, sealed)) ?? unseal(secretKey, sealed)
  })
}

/**
 * Encrypts the data key with another secret key, unless it is already. Nodes that run go on; they need the new one at
 * their next start.
 */
export async function changeSecretKey(url: string, secretKey: Uint8Array, next: Uint8Array): Promise<void> {
  await withConnection(url, async (client) => {
    const sealed = await readSealed(client)
    if (!sealed) throw new StartError('nothing is encrypted yet: start the gateway with the new key')
    if (tryUnseal(next, sealed)) return
    const dataKey = unseal(secretKey, sealed)
    // Of two changes at once, the second finds another value than it read.
    const text = 'UPDATE data_key SET sealed = $1, sealed_at = now() WHERE id = 1 AND sealed = $2'
    const { rowCount } = await client.query(text, [seal(next, dataKey), sealed])
    if (rowCount === 0) throw new StartError('another process has just changed the secret key')
  })
}

/** Before there was a data key, the secret key itself was one. */
async function keepFirst(client: Client, secretKey: Uint8Array): Promise<Buffer> {
  const dataKey = (await hasSecrets(client, secretKey)) ? Buffer.from(secretKey) : randomBytes(DATA_KEY_BYTES)
  const text = 'INSERT INTO data_key (id, sealed, sealed_at) VALUES (1, $1, now()) ON CONFLICT (id) DO NOTHING'
  await client.query(text, [seal(secretKey, dataKey)])
  const kept = await readSealed(client)
  if (!kept) throw new Error('the data key was not kept')
  return kept
}

async function hasSecrets(client: Client, secretKey: Uint8Array): Promise<boolean> {
  const { rows } = await client.query<{ id: string; credentials: Buffer }>(
    'SELECT id, credentials FROM provider_connection LIMIT 1',
  )
  for (const { id, credentials } of rows) orRefuse(() => openCredentials(secretKey, id, credentials))
  return rows.length > 0
}

async function readSealed(client: Client): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ sealed: Buffer }>('SELECT sealed FROM data_key WHERE id = 1')
  return rows[0]?.sealed
}

function seal(secretKey: Uint8Array, dataKey: Buffer): Uint8Array {
  return encrypt({ secretKey, purpose: PURPOSE, rowId: ROW }, dataKey.toString('base64'))
}

function unseal(secretKey: Uint8Array, sealed: Buffer): Buffer {
  return Buffer.from(
    orRefuse(() => decrypt({ secretKey, purpose: PURPOSE, rowId: ROW }, sealed)),
    'base64',
  )
}

function tryUnseal(secretKey: Uint8Array, sealed: Buffer): Buffer | undefined {
  try {
    return unseal(secretKey, sealed)
  } catch {
    return undefined
  }
}

function orRefuse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StartError(WRONG_KEY, { cause: error })
  }
}

async function withConnection<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url, { name: 'tollgate start' })
  return work(client).finally(() => client.end())
}

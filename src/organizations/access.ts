import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import DataLoader from 'dataloader'
import type { Database } from '../db/database.ts'
import { onBehalfOf } from '../db/requester.ts'
import type { Caller, Mode, Role } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock } from '../kernel/clock.ts'
import { decodeId, encodeId } from '../kernel/id.ts'
import { hashOf, looksLikeKey } from './api-key.ts'

/** Who asks is not known while it is found out: all credentials are looked up on the same share of the connections. */
const NOBODY_YET = { party: 'authentication' }
const SEPARATOR = '_secret_'
/** The last use of a key is known to the minute; noting each would make every read a write. */
const USE_NOTED_EVERY_MS = 60_000
const KEYS_AT_A_TIME = 200

interface KeyRow {
  readonly id: string
  readonly hash: Buffer
  readonly tenantId: string
  readonly organizationId: string
  readonly mode: Mode
  readonly role: Role
  readonly userId: string | null
  readonly lastUsedAt: Date | null
  readonly rateLimit: number
  readonly clientAuthUrl: string | null
  readonly preflight: boolean
  readonly clockAheadMs: bigint
}

const USED = `
  UPDATE api_key SET last_used_at = $3 WHERE (tenant_id, id) IN (
    SELECT tenant_id, id FROM api_key WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE SKIP LOCKED)`

interface Parts {
  readonly db: Database
  readonly clock: Clock
  readonly secretKey: Uint8Array
}

interface Deps extends Omit<Parts, 'secretKey'> {
  /** Signs the client secrets of checkouts. */
  readonly signingKey: Uint8Array
  readonly keys: DataLoader<string, KeyRow | undefined>
}

/** Who is asking, by the credential they show. */
export function accessService({ db, clock, secretKey }: Parts) {
  const signingKey = new Uint8Array(hkdfSync('sha256', secretKey, '', 'tollgate client secrets', 32))
  const deps: Deps = { db, clock, signingKey, keys: keyLoader(db, clock) }
  return bound(deps, { authenticate, clientSecret: clientSecretOf })
}

/** Who shows this credential: a secret key or a checkout's client secret. No credential is nobody in particular. */
async function authenticate(
  deps: Deps,
  credential: string | undefined,
  requestId: string,
): Promise<Caller | 'invalid'> {
  if (credential === undefined) return { kind: 'anonymous', requestId }
  return onBehalfOf(NOBODY_YET, async () => {
    if (looksLikeKey(credential)) return keyCaller(deps, credential, requestId)
    if (credential.includes(SEPARATOR)) return checkoutCaller(deps, credential, requestId)
    return 'invalid'
  })
}

/** What a frontend is given: it reads and watches this one checkout and nothing else. */
function clientSecretOf({ signingKey }: Deps, checkoutId: string): string {
  return encodeId('Checkout', checkoutId) + SEPARATOR + proofOf(signingKey, checkoutId)
}

function proofOf(signingKey: Uint8Array, checkoutId: string): string {
  return BigInt(`0x1${createHmac('sha256', signingKey).update(checkoutId).digest('hex')}`).toString(36)
}

async function keyCaller(deps: Deps, credential: string, requestId: string): Promise<Caller | 'invalid'> {
  const key = await deps.keys.load(Buffer.from(hashOf(credential)).toString('hex'))
  if (!key) return 'invalid'
  const { id: apiKeyId, tenantId, organizationId, mode, role, userId, preflight } = key
  const { lastUsedAt, rateLimit, clientAuthUrl, clockAheadMs } = key
  const now = deps.clock.now()
  if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > USE_NOTED_EVERY_MS) noteUse(deps.db, key, now)
  const read = { clockAheadMs: Number(clockAheadMs) }
  const actor = { apiKeyId, tenantId, organizationId, mode, role, userId, requestId, preflight, ...read }
  return { kind: 'key', actor, terms: { rateLimit, clientAuthUrl } }
}

/** Nobody waits for it, and it waits for nobody who has locked the key: the next request notes it then. */
function noteUse(db: Database, { tenantId, id }: KeyRow, now: Date): void {
  onBehalfOf({ party: tenantId }, () => db.query('access.used', USED, [tenantId, id, now])).catch(() => {})
}

async function checkoutCaller(
  { db, signingKey }: Deps,
  credential: string,
  requestId: string,
): Promise<Caller | 'invalid'> {
  const [name = '', proof = '', ...more] = credential.split(SEPARATOR)
  const decoded = decodeId(name)
  if (decoded?.kind !== 'Checkout' || more.length > 0) return 'invalid'
  const expected = Buffer.from(proofOf(signingKey, decoded.uuid))
  const given = Buffer.from(proof)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'invalid'
  const [row] = await db.query<{ tenantId: string }>(
    'access.checkout',
    'SELECT tenant_id FROM checkout WHERE id = $1',
    [decoded.uuid],
  )
  return row ? { kind: 'checkout', tenantId: row.tenantId, checkoutId: decoded.uuid, requestId } : 'invalid'
}

/**
 * Keys shown at the same moment are looked up together, so that a busy node does not ask for each request. Nothing is
 * remembered: no answer is older than its request, and a deleted key opens nothing from the commit on.
 */
function keyLoader(db: Database, clock: Clock): Deps['keys'] {
  const load = async (hashes: readonly string[]) => {
    const found = await db.query<KeyRow>(
      'access.keys',
      `SELECT k.id, k.hash, k.tenant_id, k.role, k.user_id, k.last_used_at, k.rate_limit,
         t.organization_id, t.mode, t.client_auth_url, t.clock_ahead_ms,
         EXISTS (SELECT FROM webhook_endpoint w WHERE w.tenant_id = k.tenant_id
           AND w.kind = 'PREFLIGHT' AND w.active AND w.deleted_at IS NULL) AS preflight
       FROM api_key k JOIN tenant t ON t.id = k.tenant_id
       WHERE k.hash = ANY ($1) AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`,
      [[...new Set(hashes)].map((hash) => Buffer.from(hash, 'hex')), clock.now()],
    )
    const byHash = new Map(found.map((key) => [key.hash.toString('hex'), key]))
    return hashes.map((hash) => byHash.get(hash))
  }
  return new DataLoader(load, { cache: false, maxBatchSize: KEYS_AT_A_TIME, batchScheduleFn: setImmediate })
}

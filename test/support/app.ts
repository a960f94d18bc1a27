import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { type App, createApp } from '../../src/app.ts'
import type { Actor, Call, Mode } from '../../src/kernel/actor.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { bootstrap } from '../../src/organizations/bootstrap.ts'
import { addressGuard } from '../../src/outbound/guard.ts'
import { type GuardedFetch, guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { guardedSocket } from '../../src/outbound/guarded-socket.ts'
import type { Providers } from '../../src/providers/providers.ts'
import type { QbitflowSandbox } from '../../src/sandbox/qbitflow/index.ts'
import { freshDatabase } from './database.ts'
import { ownersKey } from './tenant.ts'

export const SECRET_KEY = new Uint8Array(32).fill(7)
const PUBLIC_URL = 'http://tollgate.test'

/** What a test plays in the gateway's place. */
export interface TestParts {
  readonly clock?: Clock
  readonly outbound?: GuardedFetch
  readonly providers?: Providers
}

/** A whole gateway on its simulators and a database of its own, without its HTTP door. */
export interface TestApp {
  readonly app: App
  readonly databaseUrl: string
  /** The demo organization's owner in test or live mode. */
  actor(mode?: Mode): Promise<Actor>
  close(): Promise<void>
}

export async function testApp(options: TestParts = {}): Promise<TestApp> {
  const database = await freshDatabase()
  const app = await openApp(database.url, options)
  return {
    app,
    databaseUrl: database.url,
    actor: (mode = 'TEST') => ownerOf(app, mode),
    async close() {
      await app.close()
      await database.drop()
    },
  }
}

/** Another gateway on a database that is there. */
export async function openApp(databaseUrl: string, options: TestParts = {}): Promise<App> {
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' })
  const parts = {
    database: { url: databaseUrl, sessionUrl: databaseUrl },
    publicUrl: PUBLIC_URL,
    localUrl: PUBLIC_URL,
    secretKey: SECRET_KEY,
    log,
    outbound: guardedFetch({ allowLoopback: true }),
    addresses: addressGuard({ allowLoopback: true }),
    openSocket: guardedSocket({ allowLoopback: true }),
    ...options,
  }
  const app = await createApp(parts)
  await bootstrap(app.db, app.clock)
  await app.connectSandboxes()
  return app
}

async function ownerOf({ db }: App, mode: Mode): Promise<Actor> {
  const tenant = await db.prisma.tenant.findFirstOrThrow({ where: { mode } })
  const { id: tenantId, organizationId } = tenant
  const apiKeyId = await ownersKey(db, tenantId)
  return { tenantId, organizationId, mode, role: 'OWNER', userId: null, apiKeyId, requestId: 'test' }
}

/** The simulator of QBitFlow. */
export function qbitflowOf({ sandbox }: Pick<App, 'sandbox'>): QbitflowSandbox {
  return sandbox.simulators.qbitflow as QbitflowSandbox
}

/** One mutation of an actor, as the edge would put it. */
export function call(actor: Actor, idempotencyKey?: string, input: unknown = null): Call {
  const requestHash = createHash('sha256').update(JSON.stringify(input)).digest()
  return { actor, operation: 'test', requestHash, ...(idempotencyKey !== undefined && { idempotencyKey }) }
}

/** Waits for something that happens by itself. */
export async function eventually<T>(what: () => Promise<T | undefined | false | null>, timeoutMs = 8_000): Promise<T> {
  const until = performance.now() + timeoutMs
  for (;;) {
    const found = await what()
    if (found) return found
    if (performance.now() > until) throw new Error(`it did not happen in ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

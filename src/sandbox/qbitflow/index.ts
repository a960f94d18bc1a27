import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../kernel/clock.ts'
import { recent } from '../../kernel/recent.ts'
import { BESIDE } from '../fault-rules.ts'
import { withFaults } from '../faulty-calls.ts'
import { inTransaction, type Pool } from '../store.ts'
import { createTaskRunner, type Log, type TaskHandler } from '../tasks.ts'
import { type Credentials, provision } from './accounts.ts'
import { createRoutes } from './app.ts'
import { createChanges } from './changes.ts'
import { CLAIM_FUNDS_TASK, claimFundsTask } from './claims/funds.ts'
import { basePath, type Context, DEFAULT_SETTINGS, type Settings } from './context.ts'
import { deliveryTask, type Send } from './deliveries.ts'
import { PROVIDER } from './documents.ts'
import { callerOf, hashOf, realmIn } from './keys.ts'
import { refundTask } from './refunds/answer.ts'
import { createStatusSocket } from './socket.ts'
import { subscriptionTasks } from './subscriptions/tasks.ts'
import { chainTasks } from './transactions.ts'

/** So many keys are remembered, some 150 bytes each. */
const KNOWN_AT_MOST = 1_000

export interface QbitflowSandboxParts {
  /** A `pg` pool on a database that has the simulators' tables. */
  readonly pool: Pool
  /** Root of every realm's API key and webhook secret; with another one, other credentials come out. */
  readonly secret: string
  /** Where the server is reached, e.g. `http://localhost:4000/sandbox/qbitflow`; its path is the mount point. */
  readonly publicUrl: string
  readonly log: Log
  readonly settings?: Partial<Settings>
  /** The time of the world outside. */
  readonly clock: Clock
  /** The time of a realm: its test clock. */
  clockOf(realm: string): Promise<Date>
  /** Sends webhooks to the world outside. */
  readonly fetch: Send
}

/** QBitFlow's server, played over its real wire. */
export interface QbitflowSandbox {
  /**
   * Answers a request with a full URL whose path includes the mount point. It rejects as fetch does, with a cause whose
   * code is ECONNRESET, where a fault that was asked for loses the answer.
   */
  fetch(request: Request): Promise<Response>
  /** Whether an API key of this server is valid, or was lately; for counting requests and not for access. */
  knowsKey(apiKey: string): Promise<boolean>
  /** Whether the status socket is at this path, which includes the mount point. */
  hasSocket(path: string): boolean
  /** Takes over a connection that asks for the status socket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Opens the realm's account, or finds it; answers the same credentials every time. A realm is a UUID. */
  provision(realm: string, organizationName?: string): Promise<Credentials>
  /**
   * Does what is due by the realms' clocks (chain steps, webhooks and their retries, expiry); answers how much was done.
   * Any number of processes may call it at once. What is due within seconds also runs by itself, on timers.
   */
  runDue(limit?: number): Promise<number>
  /** Ends sockets and timers and waits for what runs. What was due later is still in the database. */
  close(): Promise<void>
}

export function createQbitflowSandbox(parts: QbitflowSandboxParts): QbitflowSandbox {
  const { pool, log, clock, clockOf } = parts
  // The runner needs the handlers, and they need it by way of the context: the table is filled once both are there.
  const handlers: Record<string, TaskHandler> = {}
  const tasks = createTaskRunner({ pool, provider: PROVIDER, handlers, log, clockOf })
  const context: Context = {
    pool,
    log,
    tasks,
    clock,
    clockOf,
    secret: parts.secret,
    publicUrl: parts.publicUrl.replace(/\/+$/, ''),
    settings: { ...DEFAULT_SETTINGS, ...parts.settings },
    changes: createChanges(),
    world: (realm) => ({ db: pool, provider: PROVIDER, realm }),
    transaction: (realm, work) => inTransaction(pool, PROVIDER, realm, work),
  }
  Object.assign(handlers, chainTasks(context), subscriptionTasks(context), {
    webhook: deliveryTask(context, parts.fetch),
    refund: refundTask(context),
    [CLAIM_FUNDS_TASK]: claimFundsTask(context),
  })
  const routes = createRoutes(context)
  const socket = createStatusSocket(context)
  const known = recent<true>(KNOWN_AT_MOST)
  return {
    fetch: withFaults({
      base: `${basePath(context)}/v1`,
      beside: `${basePath(context)}${BESIDE}`,
      worldOf(request) {
        const realm = realmIn(request.headers.get('X-API-Key') ?? '')
        return realm === undefined ? undefined : context.world(realm)
      },
      answer: async (request) => routes.fetch(request),
    }),
    async knowsKey(apiKey) {
      const hash = hashOf(apiKey)
      if (known.get(hash)) return true
      const isValid = (await callerOf(context, apiKey)) !== undefined
      if (isValid) known.set(hash, true)
      return isValid
    },
    hasSocket: socket.isAt,
    handleUpgrade: socket.handleUpgrade,
    provision: (realm, organizationName = 'Test shop') => provision(context, realm, organizationName),
    runDue: tasks.runDue,
    close() {
      socket.close()
      return tasks.close()
    },
  }
}

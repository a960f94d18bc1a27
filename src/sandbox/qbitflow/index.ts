import { recent } from '../../kernel/recent.ts'
import { BESIDE } from '../fault-rules.ts'
import { withFaults } from '../faulty-calls.ts'
import type { Simulator, SimulatorParts } from '../simulator.ts'
import { inTransaction } from '../store.ts'
import { createTaskRunner, type TaskHandler } from '../tasks.ts'
import { type Credentials, provision } from './accounts.ts'
import { createRoutes } from './app.ts'
import { createChanges } from './changes.ts'
import { CLAIM_FUNDS_TASK, claimFundsTask } from './claims/funds.ts'
import { basePath, type Context, DEFAULT_SETTINGS, type Settings } from './context.ts'
import { deliveryTask } from './deliveries.ts'
import { PROVIDER } from './documents.ts'
import { callerOf, hashOf, realmIn } from './keys.ts'
import { refundTask } from './refunds/answer.ts'
import { createStatusSocket } from './socket.ts'
import { subscriptionTasks } from './subscriptions/tasks.ts'
import { chainTasks } from './transactions.ts'

/** So many keys are remembered, some 150 bytes each. */
const KNOWN_AT_MOST = 1_000

interface QbitflowParts extends SimulatorParts {
  readonly settings?: Partial<Settings>
}

/** QBitFlow's server, played over its real wire. */
export interface QbitflowSandbox extends Simulator {
  provision(realm: string, organizationName?: string): Promise<Credentials>
}

export function createQbitflowSandbox(parts: QbitflowParts): QbitflowSandbox {
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
    async knowsCaller(request) {
      const apiKey = request.headers.get('X-API-Key') ?? ''
      if (!apiKey) return false
      const hash = hashOf(apiKey)
      if (known.get(hash)) return true
      const isValid = (await callerOf(context, apiKey)) !== undefined
      if (isValid) known.set(hash, true)
      return isValid
    },
    hasSocket: socket.isAt,
    upgrade: socket.handleUpgrade,
    provision: (realm, organizationName = 'Test shop') => provision(context, realm, organizationName),
    runDue: tasks.runDue,
    close() {
      socket.close()
      return tasks.close()
    },
  }
}

import { recent } from '../../kernel/recent.ts'
import { basePath, openContext } from '../context.ts'
import { DELIVERY, deliveryTask } from '../deliveries.ts'
import { CONTROL_PATH } from '../fault-rules.ts'
import { withFaults } from '../faulty-calls.ts'
import type { Simulator, SimulatorParts } from '../simulator.ts'
import type { TaskHandler } from '../tasks.ts'
import { type Credentials, provision } from './accounts.ts'
import { createRoutes } from './app.ts'
import { createChanges } from './changes.ts'
import { CLAIM_FUNDS_TASK, claimFundsTask } from './claims/funds.ts'
import { type Context, DEFAULT_SETTINGS, type Settings } from './context.ts'
import { PROVIDER } from './documents.ts'
import { FAULT_ANSWERS, isProbe } from './faulty-calls.ts'
import { apiKeyNamed, callerOf, hashOf, realmIn } from './keys.ts'
import { deliveryRules } from './notifications.ts'
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
  const context = contextOf(parts)
  const routes = createRoutes(context)
  const socket = createStatusSocket(context)
  return {
    fetch: withFaults({
      apiPath: `${basePath(context)}/v1`,
      controlPath: `${basePath(context)}${CONTROL_PATH}`,
      callingOf(request) {
        const apiKey = apiKeyIn(request)
        const realm = realmIn(apiKey)
        return realm === undefined ? undefined : { world: context.world(realm), by: apiKeyNamed(apiKey) }
      },
      isProbe,
      answers: FAULT_ANSWERS,
      handle: async (request, beginning) => routes.fetch(request, { beginning }),
    }),
    knowsCaller: callerCheck(context),
    hasSocket: socket.isAt,
    upgrade: socket.handleUpgrade,
    provision: (realm, organizationName = 'Test shop') => provision(context, realm, organizationName),
    runDue: context.tasks.runDue,
    close() {
      socket.close()
      return context.tasks.close()
    },
  }
}

function contextOf(parts: QbitflowParts): Context {
  const handlers: Record<string, TaskHandler> = {}
  const context: Context = {
    ...openContext(PROVIDER, parts, handlers),
    settings: { ...DEFAULT_SETTINGS, ...parts.settings },
    changes: createChanges(),
  }
  Object.assign(handlers, chainTasks(context), subscriptionTasks(context), {
    [DELIVERY]: deliveryTask(context, deliveryRules(context)),
    refund: refundTask(context),
    [CLAIM_FUNDS_TASK]: claimFundsTask,
  })
  return context
}

/** Whether a request has a valid key, or one that was valid lately. */
function callerCheck(context: Context): Simulator['knowsCaller'] {
  const known = recent<true>(KNOWN_AT_MOST)
  return async (request) => {
    const apiKey = apiKeyIn(request)
    if (!apiKey) return false
    const hash = hashOf(apiKey)
    if (known.get(hash)) return true
    const isValid = (await callerOf(context, apiKey)) !== undefined
    if (isValid) known.set(hash, true)
    return isValid
  }
}

function apiKeyIn(request: Request): string {
  return request.headers.get('X-API-Key') ?? ''
}

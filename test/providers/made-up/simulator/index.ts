import { basePath, openContext, type SimulatorContext } from '../../../../src/sandbox/context.ts'
import { DELIVERY, deliveryTask } from '../../../../src/sandbox/deliveries.ts'
import { CONTROL_PATH } from '../../../../src/sandbox/fault-rules.ts'
import { withFaults } from '../../../../src/sandbox/faulty-calls.ts'
import type { Simulator, SimulatorParts } from '../../../../src/sandbox/simulator.ts'
import type { TaskHandler } from '../../../../src/sandbox/tasks.ts'
import { callerOf, createApp } from './app.ts'
import { PROVIDER } from './documents.ts'
import { deliveryRules } from './notifications.ts'
import { refundTasks } from './refunds.ts'
import { FAULT_ANSWERS, Refusal } from './refusals.ts'
import { merchantOf, realmIn, signingKeyOf } from './signature.ts'
import { statementTask } from './statements.ts'
import { transferTasks } from './transfers.ts'

/** The made-up provider's server, played over its wire. */
export function createMadeUpSimulator(parts: SimulatorParts): Simulator {
  const context = contextOf(parts)
  const app = createApp(context)
  return {
    fetch: withFaults({
      apiPath: `${basePath(context)}/v1`,
      controlPath: `${basePath(context)}${CONTROL_PATH}`,
      callingOf(request) {
        const realm = realmIn(request.headers.get('x-merchant') ?? '')
        return realm === undefined ? undefined : { world: context.world(realm) }
      },
      isProbe: async () => false,
      answers: FAULT_ANSWERS,
      handle: async (request) => app.fetch(request),
    }),
    knowsCaller: (request) => isKnown(context, request),
    hasSocket: () => false,
    upgrade: (_request, socket) => void socket.destroy(),
    provision: async (realm) => ({ merchant: merchantOf(realm), signingKey: signingKeyOf(context.secret, realm) }),
    runDue: context.tasks.runDue,
    close: context.tasks.close,
  }
}

function contextOf(parts: SimulatorParts): SimulatorContext {
  const handlers: Record<string, TaskHandler> = {}
  const context = openContext(PROVIDER, parts, handlers)
  Object.assign(handlers, transferTasks(context), refundTasks(context), {
    statement: statementTask(context),
    [DELIVERY]: deliveryTask(context, deliveryRules(context)),
  })
  return context
}

/** Whether the request is signed by an account. Its body stays to be read. */
async function isKnown(context: SimulatorContext, request: Request): Promise<boolean> {
  const path = new URL(request.url).pathname.slice(basePath(context).length).replace(/^\/v1/, '')
  try {
    callerOf(context, request.headers, path, await request.clone().text())
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

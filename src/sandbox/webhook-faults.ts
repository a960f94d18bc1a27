import type { SimulatorContext } from './context.ts'
import { type FaultKind, WEBHOOK_FAULTS } from './fault-rules.ts'
import { takeFault } from './faults.ts'
import { hasTasks, type Task, takeTasks } from './tasks.ts'

/** How long a webhook is held back when no later one comes. */
const HOLD_MS = 5_000

/** A webhook that is held back waits under this subject. */
const HELD = 'held back'

/** What goes wrong with a webhook, which happens when it is sent for the first time. */
export async function webhookFaultOf(context: SimulatorContext, task: Task): Promise<FaultKind | undefined> {
  const isFirst = task.attempts === 0 && !(task.body as { isHeld?: boolean }).isHeld
  return isFirst ? (await takeFault(context.world(task.realm), WEBHOOK_FAULTS))?.kind : undefined
}

/** Puts a webhook behind the next one of its realm. */
export async function holdBack({ tasks, transaction, clockOf }: SimulatorContext, task: Task): Promise<undefined> {
  const { realm, kind } = task
  const dueAt = new Date((await clockOf(realm)).getTime() + HOLD_MS)
  const body = { ...(task.body as object), isHeld: true }
  await transaction(realm, (world) => tasks.schedule(world, { kind, subject: HELD, body, dueAt }))
}

/** Sends those that were held back behind this one. */
export async function releaseHeld(context: SimulatorContext, { realm, kind, subject }: Task): Promise<undefined> {
  const { tasks, transaction, clockOf, world: worldOf } = context
  if (subject === HELD || !(await hasTasks(worldOf(realm), kind, HELD))) return
  const dueAt = await clockOf(realm)
  await transaction(realm, async (world) => {
    for (const body of await takeTasks(world, kind, HELD)) {
      await tasks.schedule(world, { kind, subject: HELD, body, dueAt })
    }
  })
}

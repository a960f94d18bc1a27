import type { SimulatorContext } from './context.ts'
import { type FaultKind, WEBHOOK_FAULTS } from './fault-rules.ts'
import { drawFault } from './faults.ts'
import { HELD_BACK, type Task } from './tasks.ts'
import { write } from './writes.ts'

/** How long a webhook is held back when no later one comes. */
const HOLD_MS = 5_000

/** What goes wrong with a webhook, which happens when it is sent for the first time. */
export async function webhookFaultOf(context: SimulatorContext, task: Task): Promise<FaultKind | undefined> {
  const isFirst = task.attempts === 0 && !(task.body as { isHeld?: boolean }).isHeld
  return isFirst ? (await drawFault(context.world(task.realm), task.faults, WEBHOOK_FAULTS))?.kind : undefined
}

/** Puts a webhook behind the next one of its realm. */
export async function holdBack({ tasks, transaction, clockOf }: SimulatorContext, task: Task): Promise<undefined> {
  const { realm, kind } = task
  const dueAt = new Date((await clockOf(realm)).getTime() + HOLD_MS)
  const body = { ...(task.body as object), isHeld: true }
  await transaction(realm, async (world) => {
    await write(world, { done: [task.id] })
    await tasks.schedule(world, { kind, subject: HELD_BACK, body, dueAt })
  })
}

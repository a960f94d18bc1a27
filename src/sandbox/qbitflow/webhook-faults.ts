import { type FaultKind, WEBHOOK_FAULTS } from '../fault-rules.ts'
import { takeFault } from '../faults.ts'
import { type Task, takeTasks } from '../tasks.ts'
import type { Context } from './context.ts'
import type { Delivery } from './deliveries.ts'

/** How long a webhook is held back when no later one comes. */
const HOLD_MS = 5_000

/** A webhook that is held back waits under this subject. */
const HELD = 'held back'

/** What goes wrong with a webhook, which happens when it is sent for the first time. */
export async function faultOf(context: Context, { realm, attempts, body }: Task): Promise<FaultKind | undefined> {
  const isFirst = attempts === 0 && !(body as Delivery).isHeld
  return isFirst ? (await takeFault(context.world(realm), WEBHOOK_FAULTS))?.kind : undefined
}

/** Puts a webhook behind the next one of its realm. */
export async function hold({ tasks, transaction, clockOf }: Context, { realm, body }: Task): Promise<undefined> {
  const dueAt = new Date((await clockOf(realm)).getTime() + HOLD_MS)
  const held = { ...(body as Delivery), isHeld: true }
  await transaction(realm, (world) => tasks.schedule(world, { kind: 'webhook', subject: HELD, body: held, dueAt }))
}

/** Lets those go that waited for this one. */
export async function release({ tasks, transaction, clockOf }: Context, { realm, subject }: Task): Promise<undefined> {
  if (subject === HELD) return
  const dueAt = await clockOf(realm)
  await transaction(realm, async (world) => {
    for (const body of await takeTasks(world, 'webhook', HELD)) {
      await tasks.schedule(world, { kind: 'webhook', subject: HELD, body, dueAt })
    }
  })
}

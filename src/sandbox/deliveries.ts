import type { SimulatorContext } from './context.ts'
import type { Transaction } from './store.ts'
import type { Task, TaskHandler } from './tasks.ts'
import { holdBack, webhookFaultOf } from './webhook-faults.ts'

/** A notification on its way to the address that was given for it. */
export interface Delivery {
  readonly url: string
  /** What it is about, for the log and for providers that send it. */
  readonly id: string
  /** The text as it will be sent, written when what it tells happened. */
  readonly payload: string
}

/** How a provider sends its notifications. */
export interface DeliveryRules {
  /** The headers of one attempt with its signature, or with a wrong one. */
  headers(realm: string, delivery: Delivery, isForged: boolean): Readonly<Record<string, string>>
  /** Whether the answer says that the notification was received. */
  isReceived(response: Response): boolean | Promise<boolean>
  /** How long to wait before each repeat; after the last one it is given up. */
  readonly retryDelaysMs: readonly number[]
  /** How long one attempt may take. */
  readonly timeoutMs: number
}

/** The kind of the tasks that deliver. */
export const DELIVERY = 'webhook'

/** Puts a notification down, to be sent once the changes that it tells of are there. */
export async function scheduleDelivery(
  { tasks }: Pick<SimulatorContext, 'tasks'>,
  world: Transaction,
  delivery: Delivery,
  subject: string,
  dueAt: Date,
): Promise<void> {
  await tasks.schedule(world, { kind: DELIVERY, subject, body: delivery, dueAt })
}

export function deliveryTask(context: SimulatorContext, rules: DeliveryRules): TaskHandler {
  return { detached: true, run: (task) => deliver(context, rules, task) }
}

async function deliver(context: SimulatorContext, rules: DeliveryRules, task: Task): Promise<Date | undefined> {
  const { url, id } = task.body as Delivery
  const fault = await webhookFaultOf(context, task)
  if (fault === 'REORDER_WEBHOOKS') return holdBack(context, task)
  const failure = await attempt(context, rules, task, fault === 'WRONG_SIGNATURE')
  if (fault === 'DUPLICATE_WEBHOOK') await attempt(context, rules, task, false)
  if (failure === undefined) return undefined
  const facts = { url, id, attempt: task.attempts + 1, failure }
  const delayMs = rules.retryDelaysMs[task.attempts]
  if (delayMs === undefined) {
    context.log.warn(facts, 'the simulator stopped trying to deliver a webhook')
    return undefined
  }
  context.log.info(facts, 'the simulator will send a webhook again')
  return new Date((await context.clockOf(task.realm)).getTime() + delayMs)
}

/** Why it was not received, or undefined when it was. */
async function attempt(
  { send }: SimulatorContext,
  rules: DeliveryRules,
  { realm, body }: Task,
  isForged: boolean,
): Promise<string | undefined> {
  const delivery = body as Delivery
  const headers = rules.headers(realm, delivery, isForged)
  try {
    const response = await send(delivery.url, {
      method: 'POST',
      headers,
      body: delivery.payload,
      redirect: 'manual',
      signal: AbortSignal.timeout(rules.timeoutMs),
    })
    const isReceived = await rules.isReceived(response)
    if (!response.bodyUsed) await response.body?.cancel()
    return isReceived ? undefined : `answered ${response.status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import type { Transaction } from '../../../../src/sandbox/store.ts'
import { hasTasks, type TaskHandler } from '../../../../src/sandbox/tasks.ts'
import { type Payment, payments } from './documents.ts'
import { notify } from './notifications.ts'

/** What the provider takes is told by a statement, an hour after the first payment since the last one. */

const STATEMENT = 'statement'
const STATEMENT_MS = 60 * 60 * 1_000
const FEE_PER_MILLE = 36n

export async function scheduleStatement({ tasks }: SimulatorContext, world: Transaction, at: Date): Promise<void> {
  if (await hasTasks(world, STATEMENT, STATEMENT)) return
  const dueAt = new Date(at.getTime() + STATEMENT_MS)
  await tasks.schedule(world, { kind: STATEMENT, subject: STATEMENT, body: {}, dueAt })
}

export function statementTask(context: SimulatorContext): TaskHandler {
  return {
    async run({ realm, dueAt }) {
      await context.transaction(realm, (world) => closeStatement(context, world, dueAt))
      return undefined
    },
  }
}

async function closeStatement(context: SimulatorContext, world: Transaction, at: Date): Promise<void> {
  const told = new Map<string | undefined, object[]>()
  for (const payment of (await payments.list(world, { where: { fee: null } })) ?? []) {
    const after = { ...payment, fee: String(feeOf(payment)) }
    await payments.replace(world, payment.paymentNo, after)
    const fact = { about: 'fee', payment_no: payment.paymentNo, fee: after.fee }
    told.set(payment.notifyUrl, [...(told.get(payment.notifyUrl) ?? []), fact])
  }
  for (const [url, facts] of told) await notify(context, world, url, facts, at)
}

/** Rounded half up. */
function feeOf({ amount }: Payment): bigint {
  return (BigInt(amount) * FEE_PER_MILLE + 500n) / 1_000n
}

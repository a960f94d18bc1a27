import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import { PAYMENT_FAULTS } from '../../../../src/sandbox/fault-rules.ts'
import { takeFault } from '../../../../src/sandbox/faults.ts'
import { nextNumber, type Transaction } from '../../../../src/sandbox/store.ts'
import { cancelTasks, type Task, type TaskHandler } from '../../../../src/sandbox/tasks.ts'
import {
  type Checkout,
  checkouts,
  checkoutView,
  type Payment,
  payments,
  paymentView,
  type Transfer,
  timeText,
} from './documents.ts'
import { notify } from './notifications.ts'
import { notFound, Refusal } from './refusals.ts'
import { scheduleStatement } from './statements.ts'

/** What a customer does with a checkout, and what comes of the transfer. */

export const OUTCOMES = ['PAY', 'FAIL', 'UNDERPAY', 'OVERPAY', 'EXPIRE', 'CANCEL'] as const
const TRANSFER_MS = 1_500
const ARRIVE = 'arrive'
/** So named by every simulator: what ends a page that nobody paid. */
const EXPIRE = 'expire'
const PERCENT = { PAY: 100n, OVERPAY: 110n, UNDERPAY: 90n } as const

export interface Play {
  readonly outcome: (typeof OUTCOMES)[number]
  readonly payerName?: string | undefined
  readonly payerEmail?: string | undefined
}

export function transferTasks(context: SimulatorContext): Record<string, TaskHandler> {
  return {
    [ARRIVE]: { run: (task) => step(context, task, arrive) },
    [EXPIRE]: { run: (task) => step(context, task, expire) },
  }
}

type Step = (context: SimulatorContext, world: Transaction, checkout: Checkout, at: Date) => Promise<void>

async function step(context: SimulatorContext, task: Task, take: Step): Promise<undefined> {
  await context.transaction(task.realm, async (world) => {
    const checkout = await checkouts.lock(world, task.subject)
    if (checkout) await take(context, world, checkout, task.dueAt)
  })
}

export async function scheduleExpiry({ tasks }: SimulatorContext, world: Transaction, checkout: Checkout) {
  const { checkoutNo: subject, expiresAt } = checkout
  await tasks.schedule(world, { kind: EXPIRE, subject, body: {}, dueAt: new Date(expiresAt) })
}

/** @throws Refusal where there is no such checkout, or where it waits for no customer any more */
export async function play(context: SimulatorContext, realm: string, no: string, wanted: Play): Promise<void> {
  const now = await context.clockOf(realm)
  await context.transaction(realm, async (world) => {
    const found = await checkouts.lock(world, no)
    if (!found) throw notFound('checkout')
    if (found.state !== 'WAITING') throw new Refusal('BAD_FIELD', `the checkout is ${found.state}`)
    const { outcome, payerName = found.payerName, payerEmail = found.payerEmail } = wanted
    const checkout = { ...found, payerName, payerEmail }
    if (outcome === 'EXPIRE') return move(context, world, { ...checkout, expiresAt: timeText(now) }, 'EXPIRED', now)
    if (outcome === 'CANCEL') return move(context, world, checkout, 'CANCELLED', now)
    const transfer = await transferOf(world, outcome)
    if (!transfer.isLate) await cancelTasks(world, EXPIRE, no)
    await move(context, world, { ...checkout, transfer }, 'CHECKING', now)
    const from = transfer.isLate ? new Date(checkout.expiresAt) : now
    const dueAt = new Date(from.getTime() + TRANSFER_MS)
    await context.tasks.schedule(world, { kind: ARRIVE, subject: no, body: {}, dueAt })
  })
}

/** What was meant to be paid may go wrong as a fault has it. */
async function transferOf(world: Transaction, meant: Transfer['outcome']): Promise<Transfer> {
  const fault = meant === 'PAY' ? (await takeFault(world, PAYMENT_FAULTS))?.kind : undefined
  const outcome = fault === 'UNDERPAY' || fault === 'OVERPAY' ? fault : meant
  return { outcome, isLate: fault === 'PAY_LATE' }
}

/** The checkout changes its state, and the merchant is told. It must be locked. */
async function move(
  context: SimulatorContext,
  world: Transaction,
  checkout: Checkout,
  state: Checkout['state'],
  at: Date,
  payment?: Payment,
): Promise<void> {
  const after = { ...checkout, state }
  await checkouts.replace(world, checkout.checkoutNo, after)
  const told = { about: 'checkout', ...checkoutView(context.publicUrl, after) }
  const paid = payment ? [{ about: 'payment', ...paymentView(payment) }] : []
  await notify(context, world, checkout.notifyUrl, [told, ...paid], at)
}

async function expire(context: SimulatorContext, world: Transaction, checkout: Checkout, at: Date): Promise<void> {
  const isOpen = checkout.state === 'WAITING' || (checkout.state === 'CHECKING' && checkout.transfer?.isLate)
  if (isOpen) await move(context, world, checkout, 'EXPIRED', at)
}

async function arrive(context: SimulatorContext, world: Transaction, checkout: Checkout, at: Date): Promise<void> {
  const { transfer, state } = checkout
  if (!transfer || state !== (transfer.isLate ? 'EXPIRED' : 'CHECKING')) return
  if (transfer.outcome === 'FAIL') {
    return move(context, world, { ...checkout, reason: 'the transfer was returned' }, 'FAILED', at)
  }
  const amount = (BigInt(checkout.amount) * PERCENT[transfer.outcome]) / 100n
  const payment = await keepPayment(world, checkout, amount, at)
  const isShort = amount < BigInt(checkout.amount)
  const reason = isShort ? { reason: `${amount} of ${checkout.amount} yen came in` } : {}
  const paid = { ...checkout, ...reason, paymentNo: payment.paymentNo }
  await move(context, world, paid, isShort ? 'SHORT' : 'PAID', at, payment)
  await scheduleStatement(context, world, at)
}

async function keepPayment(world: Transaction, checkout: Checkout, amount: bigint, at: Date): Promise<Payment> {
  const { checkoutNo, orderNo, title, payerName, payerEmail, notifyUrl } = checkout
  const paymentNo = `P${await nextNumber(world)}`
  const sold = { checkoutNo, orderNo, title, payerName, payerEmail, notifyUrl }
  const payment = { paymentNo, ...sold, amount: String(amount), fee: null, paidAt: timeText(at) }
  await payments.insert(world, paymentNo, payment)
  return payment
}

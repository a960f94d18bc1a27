import { newId } from '../../kernel/id.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { DuplicateKeyError } from '../collection.ts'
import type { Transaction } from '../store.ts'
import { cancelTasks, type TaskHandler } from '../tasks.ts'
import { keepEarning } from './claims/earnings.ts'
import type { Context } from './context.ts'
import { coin } from './currencies.ts'
import {
  type Attempt,
  customerKey,
  customers,
  type Payer,
  type Payment,
  payments,
  type Session,
  type StatusChange,
  sessions,
} from './documents.ts'
import { notifySession } from './notifications.ts'
import { paymentFrom } from './payment.ts'
import { isFinal, isShort } from './session.ts'
import { coversFirstBill } from './subscriptions/authorization.ts'
import { createSubscription } from './subscriptions/creation.ts'

/** What the chain does with a payer's attempt. Each step looks at where the session stands, so that it may run twice. */
export function chainTasks(context: Context): Record<string, TaskHandler> {
  return {
    broadcast: step(context, broadcast),
    confirm: step(context, confirm),
    expire: step(context, expire),
  }
}

type Step = (context: Context, world: Transaction, session: Session, at: Date) => Promise<void>

function step(context: Context, take: Step): TaskHandler {
  return {
    async change(world, task) {
      const session = await sessions.lock(world, task.subject)
      if (session) await take(context, world, session, task.dueAt)
    },
  }
}

/** Writes down that the status moved, and tells whoever wants to know. The session must be locked. */
export async function record(
  context: Context,
  world: Transaction,
  session: Session,
  change: StatusChange,
): Promise<Session> {
  const moved = { ...session, history: [...session.history, change] }
  await notifySession(context, world, moved, change)
  await sessions.replace(world, session.uuid, moved)
  world.afterCommit(() => context.changes.announce(session.uuid))
  return moved
}

/** The payer's click: the attempt exists, and the chain will hear of it. The session must be locked and unpaid. */
export async function begin(
  context: Context,
  world: Transaction,
  session: Session,
  attempt: Attempt,
  now: Date,
): Promise<Session> {
  // The page has asked who pays: the account knows them from here on, whatever comes of it.
  const begun = { ...session, attempt, customerUUID: await findOrMakeCustomer(world, session, now) }
  if (!attempt.isLate) await cancelTasks(world, 'expire', session.uuid)
  const moved = await record(context, world, begun, { status: 'created', at: now.toISOString(), txHash: '' })
  await scheduleStep(context, world, session, 'broadcast', now, context.settings.broadcastDelayMs)
  return moved
}

/** The task that ends a session which nobody has paid by then. */
export function expiryOf({ uuid, expiresAt }: Session) {
  return { kind: 'expire', subject: uuid, body: {}, dueAt: new Date(expiresAt) }
}

async function scheduleStep(
  { tasks }: Context,
  world: Transaction,
  { uuid }: Session,
  kind: string,
  from: Date,
  delayMs: number,
): Promise<void> {
  await tasks.schedule(world, { kind, subject: uuid, body: {}, dueAt: new Date(from.getTime() + delayMs) })
}

async function broadcast(context: Context, world: Transaction, session: Session, at: Date): Promise<void> {
  if (!session.attempt || session.history.at(-1)?.status !== 'created') return
  const { txHash, isLate } = session.attempt
  await record(context, world, session, { status: 'waitingConfirmation', at: at.toISOString(), txHash })
  const from = isLate ? new Date(session.expiresAt) : at
  await scheduleStep(context, world, session, 'confirm', from, context.settings.confirmationDelayMs)
}

async function confirm(context: Context, world: Transaction, session: Session, at: Date): Promise<void> {
  const { attempt } = session
  const waitsFor = attempt?.isLate ? 'expired' : 'waitingConfirmation'
  if (!attempt || session.history.at(-1)?.status !== waitsFor) return
  const change = { at: at.toISOString(), txHash: attempt.txHash }
  const message = failureOf(session, attempt)
  const customerUUID = await findOrMakeCustomer(world, session, at)
  if (message) {
    await record(context, world, session, { ...change, status: 'failed', message })
    await context.tasks.schedule(world, expiryOf(session))
    if (attempt.outcome === 'UNDERPAY' && isShort(session)) {
      await keepPayment(world, session, attempt, customerUUID, at)
    }
    return
  }
  await record(context, world, { ...session, customerUUID }, { ...change, status: 'completed' })
  if (session.plan) return createSubscription(context, world, session, attempt, customerUUID, at)
  await keepEarning(world, await keepPayment(world, session, attempt, customerUUID, at))
}

/** What came in for the session, all in all. */
async function keepPayment(
  world: Transaction,
  session: Session,
  attempt: Attempt,
  customerUUID: string,
  at: Date,
): Promise<Payment> {
  const receipt = { ...attempt, currencyId: attempt.quote.currencyId }
  const payment = paymentFrom(session, receipt, customerUUID, at)
  // Only what came in short was kept before the rest.
  const before = session.history.some(({ status }) => status === 'failed') && (await payments.lock(world, session.uuid))
  if (before) await payments.replace(world, session.uuid, payment)
  else await payments.insert(world, session.uuid, payment)
  return payment
}

function failureOf(session: Session, attempt: Attempt): string | undefined {
  const { outcome, quote, receivedMinUnits, receivedUsd } = attempt
  if (outcome === 'FAIL') return 'the transaction was reverted on the chain'
  if (session.plan) {
    const isEnough = outcome !== 'UNDERPAY' && coversFirstBill(session, receivedUsd)
    return isEnough ? undefined : `the allowance of ${receivedUsd} USD does not cover the first bill`
  }
  if (outcome !== 'UNDERPAY') return undefined
  const { decimals, symbol } = coin(quote.currencyId)
  const amount = (minUnits: string) => formatDecimal(BigInt(minUnits), decimals).replace(/\.?0+$/, '')
  return `underpaid: received ${amount(receivedMinUnits)} of ${amount(quote.amountMinUnits)} ${symbol}`
}

async function expire(context: Context, world: Transaction, session: Session): Promise<void> {
  const last = session.history.at(-1)
  const isUnderWay = last && last.status !== 'failed' && !session.attempt?.isLate
  if (isUnderWay || (last && last.status !== 'failed' && isFinal(last.status))) return
  await record(context, world, session, { status: 'expired', at: session.expiresAt, txHash: '' })
}

async function findOrMakeCustomer(world: Transaction, session: Session, at: Date): Promise<string> {
  if (session.customerUUID) return session.customerUUID
  if (!session.payer) throw new Error(`the session ${session.uuid} was paid by nobody`)
  const find = (payer: Payer) => customers.findBy(world, 'email', customerKey(session.userId, payer.email))
  const known = await find(session.payer)
  if (known) return known.uuid
  const customer = {
    ...session.payer,
    uuid: newId(),
    createdAt: at.toISOString(),
    organizationId: session.organizationId,
    userId: session.userId,
  }
  try {
    await customers.insert(world, customer.uuid, customer)
    return customer.uuid
  } catch (error) {
    const other = error instanceof DuplicateKeyError ? await find(session.payer) : undefined
    if (!other) throw error
    return other.uuid
  }
}

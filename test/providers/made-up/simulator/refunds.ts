import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import { nextNumber, type Transaction } from '../../../../src/sandbox/store.ts'
import type { TaskHandler } from '../../../../src/sandbox/tasks.ts'
import {
  type Payment,
  payments,
  type Refund,
  type RefundEnd,
  refundEnds,
  refunds,
  refundView,
  timeText,
} from './documents.ts'
import { type Fields, NUMBER } from './fields.ts'
import { findNamed } from './named.ts'
import { notify } from './notifications.ts'
import { notFound, Refusal } from './refusals.ts'

/** Money of a payment that the merchant gives back: it is on its way for a moment, and arrives or comes back. */

const REFUND_MS = 1_500
const ARRIVE = 'refund'
const NEXT = 'next'

export async function createRefund(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const wanted = {
    refundOrderNo: fields.text('refund_order_no', NUMBER),
    paymentNo: fields.text('payment_no', NUMBER),
    amount: fields.amount('amount'),
    reason: fields.optionalText('reason', { max: 200 }),
  }
  fields.check()
  const now = await context.clockOf(realm)
  return context.transaction(realm, async (world) => {
    const payment = await payments.lock(world, wanted.paymentNo)
    if (!payment) throw notFound('payment')
    if (BigInt(wanted.amount) > (await leftOf(world, payment))) {
      throw new Refusal('REFUND_TOO_LARGE', 'less than that is left of the payment')
    }
    const end = (await refundEnds.find(world, NEXT))?.next ?? 'DONE'
    if (end === 'BALANCE_TOO_LOW') throw new Refusal(end, 'the balance of the account is too low')
    const refundNo = `R${await nextNumber(world)}`
    const refund: Refund = { ...wanted, refundNo, end, state: 'PENDING', createdAt: timeText(now) }
    await refunds.insert(world, refundNo, refund)
    await tell(context, world, payment, refund, now)
    const dueAt = new Date(now.getTime() + REFUND_MS)
    await context.tasks.schedule(world, { kind: ARRIVE, subject: refundNo, body: {}, dueAt })
    return refundView(refund)
  })
}

async function leftOf(world: Transaction, { paymentNo, amount }: Payment): Promise<bigint> {
  const found = (await refunds.list(world, { where: { paymentNo } })) ?? []
  const counted = found.filter(({ state }) => state !== 'FAILED')
  return counted.reduce((left, refund) => left - BigInt(refund.amount), BigInt(amount))
}

export async function queryRefund(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const names = { number: 'refund_no', otherwise: 'refund_order_no' }
  return refundView(await findNamed(refunds, context.world(realm), fields, names))
}

export async function listRefunds(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const paymentNo = fields.optionalText('payment_no', NUMBER)
  const { page, size } = fields.page()
  fields.check()
  const where = paymentNo === undefined ? {} : { paymentNo }
  const found = (await refunds.list(context.world(realm), { limit: page * size, where })) ?? []
  return { refunds: found.slice((page - 1) * size).map(refundView) }
}

/** What comes of refunds that are created from now on. */
export async function decideRefunds(context: SimulatorContext, realm: string, next: RefundEnd): Promise<void> {
  await context.transaction(realm, async (world) => {
    const known = await refundEnds.lock(world, NEXT)
    await (known ? refundEnds.replace(world, NEXT, { next }) : refundEnds.insert(world, NEXT, { next }))
  })
}

export function refundTasks(context: SimulatorContext): Record<string, TaskHandler> {
  return {
    [ARRIVE]: {
      async run({ realm, subject, dueAt }) {
        await context.transaction(realm, async (world) => {
          const refund = await refunds.lock(world, subject)
          if (refund?.state === 'PENDING') await end(context, world, refund, dueAt)
        })
        return undefined
      },
    },
  }
}

async function end(context: SimulatorContext, world: Transaction, refund: Refund, at: Date): Promise<void> {
  const after: Refund = { ...refund, ...ENDED[refund.end], endedAt: timeText(at) }
  await refunds.replace(world, refund.refundNo, after)
  const payment = await payments.find(world, refund.paymentNo)
  if (payment) await tell(context, world, payment, after, at)
}

const ENDED: Readonly<Record<Refund['end'], Partial<Refund>>> = {
  DONE: { state: 'DONE' },
  FAILED: { state: 'FAILED', failure: 'the bank of the payer does not answer', mayRetry: 'yes' },
  FAILED_FOR_GOOD: { state: 'FAILED', failure: 'the account of the payer is closed', mayRetry: 'no' },
}

async function tell(context: SimulatorContext, world: Transaction, payment: Payment, refund: Refund, at: Date) {
  await notify(context, world, payment.notifyUrl, [{ about: 'refund', ...refundView(refund) }], at)
}

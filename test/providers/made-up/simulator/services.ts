import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import { EMAIL_RULE, URL_RULE } from '../../../../src/sandbox/fields.ts'
import { nextNumber, type World } from '../../../../src/sandbox/store.ts'
import {
  type Checkout,
  CURRENCY,
  checkouts,
  checkoutView,
  type Payment,
  payments,
  paymentView,
  timeText,
} from './documents.ts'
import { type Fields, NUMBER } from './fields.ts'
import { findNamed } from './named.ts'
import { createRefund, listRefunds, queryRefund } from './refunds.ts'
import { scheduleExpiry } from './transfers.ts'

/** The provider's API: what each path below /v1 does with its fields. */

type Service = (context: SimulatorContext, realm: string, fields: Fields) => Promise<object>

const LIFETIME_MS = 24 * 60 * 60 * 1_000

export const SERVICES: Readonly<Record<string, Service>> = {
  '/checkouts/open': openCheckout,
  '/checkouts/query': queryCheckout,
  '/payments/query': queryPayment,
  '/payments/list': listPayments,
  '/refunds/create': createRefund,
  '/refunds/query': queryRefund,
  '/refunds/list': listRefunds,
}

async function openCheckout(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const wanted = {
    orderNo: fields.text('order_no', NUMBER),
    amount: fields.amount('amount'),
    title: fields.text('title', { max: 100 }),
    payerName: fields.optionalText('payer_name', { max: 100 }),
    payerEmail: fields.optionalText('payer_email', EMAIL_RULE),
    notifyUrl: fields.optionalText('notify_url', URL_RULE),
  }
  fields.oneOf('currency', [CURRENCY])
  fields.optionalText('detail', { max: 500 })
  fields.optionalText('return_url', URL_RULE)
  fields.optionalText('cancel_url', URL_RULE)
  fields.check()
  const now = await context.clockOf(realm)
  const expiresAt = timeText(new Date(now.getTime() + LIFETIME_MS))
  return context.transaction(realm, async (world) => {
    const checkoutNo = `C${await nextNumber(world)}`
    const checkout: Checkout = { ...wanted, checkoutNo, state: 'WAITING', expiresAt }
    await checkouts.insert(world, checkoutNo, checkout)
    await scheduleExpiry(context, world, checkout)
    return checkoutView(context.publicUrl, checkout)
  })
}

async function queryCheckout(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const names = { number: 'checkout_no', otherwise: 'order_no' }
  return checkoutView(context.publicUrl, await findNamed(checkouts, context.world(realm), fields, names))
}

async function queryPayment(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const names = { number: 'payment_no', otherwise: 'checkout_no' }
  return paymentView(await findNamed(payments, context.world(realm), fields, names))
}

async function listPayments(context: SimulatorContext, realm: string, fields: Fields): Promise<object> {
  const { page, size } = fields.page()
  fields.check()
  const found = await pageOf(context.world(realm), page, size)
  return { payments: found.map(paymentView) }
}

async function pageOf(world: World, page: number, size: number): Promise<Payment[]> {
  const found = (await payments.list(world, { limit: page * size })) ?? []
  return found.slice((page - 1) * size)
}

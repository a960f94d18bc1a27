import { Hono, type Context as HttpContext } from 'hono'
import { UUID_RULE } from '../../fields.ts'
import type { Context } from '../context.ts'
import { organizations, type Payment, PROVIDER, payments, THE_ORGANIZATION } from '../documents.ts'
import { ApiError, notFound } from '../errors.ts'
import { Fields, FREE_TEXT_RULE } from '../fields.ts'
import { transactionIn } from '../ids.ts'
import { refunds } from '../refunds/documents.ts'
import { requestRefund } from '../refunds/request.ts'
import { boundUntil } from '../subscriptions/billing.ts'
import {
  type Operation,
  operationId,
  operations,
  type Subscription,
  subscriptions,
} from '../subscriptions/documents.ts'
import { historyOf } from '../subscriptions/history.ts'
import { isOpen } from '../subscriptions/operations.ts'
import { cancelByCustomer, changeMaximum, confirmTrial, topUp } from '../subscriptions/verbs.ts'
import { centsOf, usdOf } from '../usd.ts'
import type { Bill, RefusedReason } from './bills.ts'
import { amountIn, numbersIn } from './choose.ts'
import { cancelPage, managePage } from './manage.ts'
import { paidPage } from './paid.ts'
import { type Form, formOf, type Site } from './site.ts'

type Act = (context: Context, realm: string, uuid: string, form: Form) => Promise<unknown>

interface Action {
  readonly act: Act
  /** What the customer is told where it is refused as a whole; wrong fields are marked where they stand. */
  readonly refusal: string
}

const REFUND_REFUSAL = 'A refund of this payment cannot be asked for at the moment.'

/** What a customer can do with a subscription. */
const ACTIONS = {
  'top-up': {
    act: (context, realm, uuid, form) => topUp(context, realm, uuid, amountOf(form, 'allowance')),
    refusal: 'Your last top-up is still being confirmed. Wait a minute, then try again.',
  },
  maximum: {
    act: (context, realm, uuid, form) => changeMaximum(context, realm, uuid, amountOf(form, 'maximum')),
    refusal: 'Your last new maximum is still being confirmed. Wait a minute, then try again.',
  },
  confirm: {
    act: confirmTrial,
    refusal: 'There is nothing to confirm. See below how your subscription stands.',
  },
  cancel: {
    act: cancelByCustomer,
    refusal: 'The subscription cannot be cancelled at the moment. See below how it stands.',
  },
  refund: {
    act: async (context, realm, uuid, form) =>
      askForRefund(context, realm, form, await historyOf(context.world(realm), uuid)),
    refusal: REFUND_REFUSAL,
  },
} as const satisfies Readonly<Record<string, Action>>

interface Opened<T> {
  readonly realm: string
  readonly document: T
}

/** The pages on which a customer looks after what they bought. Whoever has the link may act: its UUID is the secret. */
export function customerRoutes(site: Site): Hono {
  const app = new Hono({ strict: false })
  const subscription = (uuid: string) => openSubscription(site.context, uuid)
  const payment = (uuid: string) => openPayment(site.context, uuid)
  app.get('/subscription/:uuid', async (c) => showSubscription(site, c, await subscription(c.req.param('uuid'))))
  app.get('/subscription/:uuid/cancel', async (c) => showCancel(site, c, await subscription(c.req.param('uuid'))))
  app.post('/subscription/:uuid/:action{top-up|maximum|confirm|cancel|refund}', async (c) =>
    act(site, c, await subscription(c.req.param('uuid')), c.req.param('action') as keyof typeof ACTIONS),
  )
  app.get('/payment/:uuid', async (c) => showPayment(site, c, await payment(c.req.param('uuid'))))
  app.post('/payment/:uuid/refund', async (c) => refund(site, c, await payment(c.req.param('uuid'))))
  return app
}

async function openSubscription({ pool }: Context, uuid: string): Promise<Opened<Subscription>> {
  const found = await subscriptions.findAnywhere(pool, PROVIDER, transactionIn(uuid, 'subscription', 'payAsYouGo'))
  if (!found) throw notFound()
  return found
}

async function openPayment({ pool }: Context, uuid: string): Promise<Opened<Payment>> {
  const found = await payments.findAnywhere(pool, PROVIDER, transactionIn(uuid, 'payment'))
  if (!found) throw notFound()
  return found
}

async function showCancel(site: Site, c: HttpContext, { realm, document }: Opened<Subscription>): Promise<Response> {
  const { context, base, show } = site
  const path = `${base}/subscription/${document.uuid}`
  const isOver = document.stopped || document.status === 'cancelled'
  if (isOver || boundUntil(document, await context.clockOf(realm))) return c.redirect(path, 303)
  const content = cancelPage({ subscription: document, path })
  return show(c, { title: 'Cancel the subscription', shop: await shopOf(context, realm), content })
}

/** Acts and shows the page anew; what is refused is said on it. */
async function act(
  site: Site,
  c: HttpContext,
  opened: Opened<Subscription>,
  name: keyof typeof ACTIONS,
): Promise<Response> {
  const { realm, document } = opened
  const action: Action = ACTIONS[name]
  const form = await formOf(c)
  try {
    await action.act(site.context, realm, document.uuid, form)
  } catch (error) {
    // A subscription that ended since the page was opened says so on its page.
    const isOver = name !== 'refund' && error instanceof ApiError && error.status === 404
    if (!isOver && !isRefusal(error)) throw error
    if (!isOver) return showSubscription(site, c, opened, { error, message: action.refusal }, form)
  }
  return c.redirect(`${site.base}/subscription/${document.uuid}`, 303)
}

async function refund(site: Site, c: HttpContext, opened: Opened<Payment>): Promise<Response> {
  const { realm, document } = opened
  const form = await formOf(c)
  try {
    await askForRefund(site.context, realm, form, [document])
  } catch (error) {
    if (!isRefusal(error)) throw error
    return showPayment(site, c, opened, error, form)
  }
  return c.redirect(`${site.base}/payment/${document.uuid}`, 303)
}

async function askForRefund(
  context: Context,
  realm: string,
  form: Form,
  paid: readonly Pick<Payment, 'uuid'>[],
): Promise<void> {
  const fields = new Fields(form)
  const transaction = fields.text('transaction', UUID_RULE)
  const reason = fields.text('reason', FREE_TEXT_RULE)
  fields.check()
  if (!paid.some(({ uuid }) => uuid === transaction)) throw notFound()
  await requestRefund(context, realm, transaction, reason)
}

async function showSubscription(
  { context, base, show }: Site,
  c: HttpContext,
  { realm, document }: Opened<Subscription>,
  refusal?: { error: ApiError; message: string },
  typed: Form = {},
): Promise<Response> {
  const { errors = [] } = refusal?.error ?? {}
  const world = context.world(realm)
  const entries = await historyOf(world, document.uuid)
  const underway = await underwayOf(context, realm, document)
  // Read after what is being confirmed: what was confirmed in between would otherwise never be shown.
  const subscription = (await subscriptions.find(world, document.uuid)) ?? document
  const shop = await shopOf(context, realm)
  const content = managePage({
    subscription,
    bills: await billsOf(context, realm, document.uuid, entries),
    underway,
    shop,
    path: `${base}/subscription/${document.uuid}`,
    now: await context.clockOf(realm),
    errors,
    typed,
    complaint: errors.length > 0 ? undefined : refusal?.message,
    refused: reasonIn(typed, typed.transaction),
  })
  return show(c, { title: 'Your subscription', shop, content }, statusFor(refusal?.error))
}

async function showPayment(
  { context, base, show }: Site,
  c: HttpContext,
  { realm, document }: Opened<Payment>,
  refusal?: ApiError,
  typed: Form = {},
): Promise<Response> {
  const [bill] = await billsOf(context, realm, document.uuid, [document])
  if (!bill) throw notFound()
  const shop = await shopOf(context, realm)
  const complaint = refusal && (refusal.errors.length > 0 ? 'Please check the marked field.' : REFUND_REFUSAL)
  const refused = reasonIn(typed, document.uuid)
  const content = paidPage({ bill, path: `${base}/payment/${document.uuid}`, complaint, refused })
  return show(c, { title: 'Your payment', shop, content }, statusFor(refusal))
}

/** Every refund of a checkout in one read; of each payment the last one counts. */
async function billsOf(context: Context, realm: string, session: string, paid: readonly Payment[]): Promise<Bill[]> {
  const asked = (await refunds.list(context.world(realm), { where: { session } })) ?? []
  return paid.map((payment) => ({ payment, refund: asked.find(({ transaction }) => transaction === payment.uuid) }))
}

async function shopOf(context: Context, realm: string): Promise<string> {
  const organization = await organizations.find(context.world(realm), THE_ORGANIZATION)
  if (!organization) throw notFound()
  return organization.name
}

async function underwayOf(context: Context, realm: string, subscription: Subscription): Promise<Operation[]> {
  const { uuid, billing } = subscription
  const own = ['cancelSubscription', 'cancelPAYGSubscription', 'increaseAllowance', 'updateMaxAmount'] as const
  const ids = own.map((type) => operationId({ type, uuid }))
  if (billing) ids.push(operationId({ type: 'executeSubscription', uuid: billing }))
  const found = await Promise.all(ids.map((id) => operations.find(context.world(realm), id)))
  return found.filter((operation) => operation !== undefined && isOpen(operation)) as Operation[]
}

function reasonIn({ reason }: Form, transaction: string | undefined): RefusedReason | undefined {
  return reason === undefined || transaction === undefined ? undefined : { transaction, reason }
}

/** @throws ApiError naming the field when it is no amount of a cent or more. */
function amountOf(form: Form, key: string): string {
  const fields = new Fields(numbersIn(form))
  const amount = amountIn(fields, key)
  fields.check()
  return usdOf(centsOf(amount))
}

function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status !== 404
}

function statusFor(refusal: ApiError | undefined): 200 | 409 | 422 {
  if (!refusal) return 200
  return refusal.status === 409 ? 409 : 422
}

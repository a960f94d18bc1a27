import { Hono, type Context as HttpContext } from 'hono'
import { basePath } from '../../context.ts'
import { UUID_RULE } from '../../fields.ts'
import type { Page } from '../../pages/layout.ts'
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

type Show = (c: HttpContext, page: Page, status?: 200 | 409 | 422) => Promise<Response>
type Form = Readonly<Record<string, string>>
type Verb = 'top-up' | 'maximum' | 'confirm' | 'cancel' | 'refund'

/** Why something is refused as a whole, in words for the customer; wrong fields are marked where they stand. */
const COMPLAINTS: Readonly<Record<Verb, string>> = {
  'top-up': 'Your last top-up is still being confirmed. Wait a minute, then try again.',
  maximum: 'Your last new maximum is still being confirmed. Wait a minute, then try again.',
  confirm: 'There is nothing to confirm. See below how your subscription stands.',
  cancel: 'The subscription cannot be cancelled at the moment. See below how it stands.',
  refund: 'A refund of this payment cannot be asked for at the moment.',
}

/** The pages on which a customer looks after what they bought. Whoever has the link may act: its UUID is the secret. */
export function customerRoutes(context: Context, show: Show): Hono {
  const app = new Hono({ strict: false })
  const base = basePath(context)

  async function open(c: HttpContext): Promise<{ realm: string; document: Subscription }> {
    const id = transactionIn(c.req.param('uuid') ?? '', 'subscription', 'payAsYouGo')
    const found = await subscriptions.findAnywhere(context.pool, PROVIDER, id)
    if (!found) throw notFound()
    return found
  }

  async function openPayment(c: HttpContext): Promise<{ realm: string; document: Payment }> {
    const id = transactionIn(c.req.param('uuid') ?? '', 'payment')
    const found = await payments.findAnywhere(context.pool, PROVIDER, id)
    if (!found) throw notFound()
    return found
  }

  app.get('/subscription/:uuid', async (c) => showSubscription(c, await open(c)))
  app.get('/subscription/:uuid/cancel', async (c) => {
    const { realm, document } = await open(c)
    const path = `${base}/subscription/${document.uuid}`
    const isOver = document.stopped || document.status === 'cancelled'
    if (isOver || boundUntil(document, await context.clockOf(realm))) return c.redirect(path, 303)
    const content = cancelPage({ subscription: document, path })
    return show(c, { title: 'Cancel the subscription', shop: await shopOf(realm), content })
  })
  app.get('/payment/:uuid', async (c) => showPayment(c, await openPayment(c)))

  verb('top-up', (realm, uuid, form) => topUp(context, realm, uuid, amountOf(form, 'allowance')))
  verb('maximum', (realm, uuid, form) => changeMaximum(context, realm, uuid, amountOf(form, 'maximum')))
  verb('confirm', (realm, uuid) => confirmTrial(context, realm, uuid))
  verb('cancel', (realm, uuid) => cancelByCustomer(context, realm, uuid))
  verb('refund', async (realm, uuid, form) => {
    const entries = await historyOf(context.world(realm), uuid)
    return ask(realm, form, entries)
  })

  /** Acts and shows the page anew; what is refused is said on it. */
  function verb(name: Verb, act: (realm: string, uuid: string, form: Form) => Promise<unknown>): void {
    app.post(`/subscription/:uuid/${name}`, async (c) => {
      const { realm, document } = await open(c)
      const form = await formOf(c)
      try {
        await act(realm, document.uuid, form)
      } catch (error) {
        // A subscription that ended since the page was opened says so on its page.
        const isOver = name !== 'refund' && error instanceof ApiError && error.status === 404
        if (!isOver && !isRefusal(error)) throw error
        if (!isOver) return showSubscription(c, { realm, document }, { error, complaint: COMPLAINTS[name] }, form)
      }
      return c.redirect(`${base}/subscription/${document.uuid}`, 303)
    })
  }

  app.post('/payment/:uuid/refund', async (c) => {
    const { realm, document } = await openPayment(c)
    const form = await formOf(c)
    try {
      await ask(realm, form, [document])
    } catch (error) {
      if (!isRefusal(error)) throw error
      return showPayment(c, { realm, document }, error, form)
    }
    return c.redirect(`${base}/payment/${document.uuid}`, 303)
  })

  async function ask(realm: string, form: Form, paid: readonly Pick<Payment, 'uuid'>[]): Promise<void> {
    const fields = new Fields(form)
    const transaction = fields.text('transaction', UUID_RULE)
    const reason = fields.text('reason', FREE_TEXT_RULE)
    fields.check()
    if (!paid.some(({ uuid }) => uuid === transaction)) throw notFound()
    await requestRefund(context, realm, transaction, reason)
  }

  async function showSubscription(
    c: HttpContext,
    { realm, document }: { realm: string; document: Subscription },
    refusal?: { error: ApiError; complaint: string },
    typed: Form = {},
  ): Promise<Response> {
    const { errors = [] } = refusal?.error ?? {}
    const world = context.world(realm)
    const entries = await historyOf(world, document.uuid)
    const underway = await underwayOf(context, realm, document)
    // Read after what is being confirmed: what was confirmed in between would otherwise never be shown.
    const subscription = (await subscriptions.find(world, document.uuid)) ?? document
    const shop = await shopOf(realm)
    const content = managePage({
      subscription,
      bills: await billsOf(realm, document.uuid, entries),
      underway,
      shop,
      path: `${base}/subscription/${document.uuid}`,
      now: await context.clockOf(realm),
      errors,
      typed,
      complaint: errors.length > 0 ? undefined : refusal?.complaint,
      refused: reasonIn(typed, typed.transaction),
    })
    return show(c, { title: 'Your subscription', shop, content }, statusFor(refusal?.error))
  }

  async function showPayment(
    c: HttpContext,
    { realm, document }: { realm: string; document: Payment },
    refusal?: ApiError,
    typed: Form = {},
  ): Promise<Response> {
    const [bill] = await billsOf(realm, document.uuid, [document])
    if (!bill) throw notFound()
    const shop = await shopOf(realm)
    const complaint = refusal && (refusal.errors.length > 0 ? 'Please check the marked field.' : COMPLAINTS.refund)
    const refused = reasonIn(typed, document.uuid)
    const content = paidPage({ bill, path: `${base}/payment/${document.uuid}`, complaint, refused })
    return show(c, { title: 'Your payment', shop, content }, statusFor(refusal))
  }

  /** Every refund of a checkout in one read; of each payment the last one counts. */
  async function billsOf(realm: string, session: string, paid: readonly Payment[]): Promise<Bill[]> {
    const asked = (await refunds.list(context.world(realm), { where: { session } })) ?? []
    return paid.map((payment) => ({ payment, refund: asked.find(({ transaction }) => transaction === payment.uuid) }))
  }

  async function shopOf(realm: string): Promise<string> {
    const organization = await organizations.find(context.world(realm), THE_ORGANIZATION)
    if (!organization) throw notFound()
    return organization.name
  }

  return app
}

async function underwayOf(context: Context, realm: string, subscription: Subscription): Promise<Operation[]> {
  const { uuid, billing } = subscription
  const own = ['cancelSubscription', 'cancelPAYGSubscription', 'increaseAllowance', 'updateMaxAmount'] as const
  const ids = own.map((type) => operationId({ type, uuid }))
  if (billing) ids.push(operationId({ type: 'executeSubscription', uuid: billing }))
  const found = await Promise.all(ids.map((id) => operations.find(context.world(realm), id)))
  return found.filter((operation) => operation !== undefined && isOpen(operation)) as Operation[]
}

async function formOf(c: HttpContext): Promise<Form> {
  return Object.fromEntries(new URLSearchParams(await c.req.text()))
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

import { Hono, type Context as HttpContext } from 'hono'
import { COINS } from '../currencies.ts'
import { ApiError, type FieldError } from '../errors.ts'
import { Fields } from '../fields.ts'
import { OUTCOMES, play } from '../play.ts'
import { isHeld, quote } from '../quotes.ts'
import { canBePaid, isFinal, isShort, linkOf, statusOf } from '../session.ts'
import { defaultMaximum } from '../subscriptions/authorization.ts'
import { authorisePage } from './authorise.ts'
import { choose } from './choose.ts'
import { detailsPage } from './details.ts'
import { type OpenedSession, openSession } from './open.ts'
import { payPage, restOf } from './pay.ts'
import { progressPage, progressView, refreshTag } from './progress.ts'
import { resultPage, resultView } from './result.ts'
import { formOf, type Site } from './site.ts'

/** The pages of a checkout: details, payment, progress, result. */
export function checkoutRoutes(site: Site): Hono {
  const app = new Hono({ strict: false })
  const open = (uuid: string) => openSession(site.context, uuid)
  app.get('/checkout/:uuid', async (c) => showCheckout(site, c, await open(c.req.param('uuid'))))
  app.post('/checkout/:uuid', async (c) => takeDetails(site, c, await open(c.req.param('uuid'))))
  app.get('/checkout/:uuid/pay', async (c) => showPayment(site, c, await open(c.req.param('uuid'))))
  app.post('/checkout/:uuid/play', async (c) => takeOutcome(site, c, await open(c.req.param('uuid'))))
  app.get('/checkout/:uuid/status', async (c) => showProgress(site, c, await open(c.req.param('uuid'))))
  app.get('/checkout/:uuid/receipt', async (c) => showReceipt(site, c, await open(c.req.param('uuid'))))
  return app
}

function showCheckout(site: Site, c: HttpContext, opened: OpenedSession): Response | Promise<Response> {
  const status = statusOf(opened.session, opened.now)?.status
  if (status && !isFinal(status)) return c.redirect(`${pathOf(site, opened)}/status`, 303)
  // Whoever sent too little sends the rest in the same coin.
  if (status === 'failed' && isShort(opened.session)) return c.redirect(`${pathOf(site, opened)}/pay`, 303)
  if (!canBePaid(opened.session, opened.now)) return showResult(site, c, opened, false)
  return showDetails(site, c, opened, typedBefore(opened), [])
}

async function takeDetails(site: Site, c: HttpContext, opened: OpenedSession): Promise<Response> {
  const path = pathOf(site, opened)
  if (!canBePaid(opened.session, opened.now)) return c.redirect(path, 303)
  const form = await formOf(c)
  try {
    await choose(site.context, opened, form)
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors.length === 0) throw error
    return showDetails(site, c, opened, form, error.errors)
  }
  return c.redirect(`${path}/pay`, 303)
}

async function showPayment(site: Site, c: HttpContext, opened: OpenedSession): Promise<Response> {
  const { context, show } = site
  const { session, now, organization } = opened
  const path = pathOf(site, opened)
  const quote = restOf(session) ?? session.quote
  const isReady = quote && (!opened.asksCustomer || session.payer)
  if (!quote || !isReady || !canBePaid(session, now)) return c.redirect(path, 303)
  const secondsLeft = Math.floor((new Date(quote.expiresAt).getTime() - now.getTime()) / 1_000)
  const { plan, authorization } = session
  const view = { session, quote, path, secondsLeft }
  if (!plan)
    return show(c, {
      title: 'Send the payment',
      shop: organization.name,
      content: await payPage({ ...view, shop: organization.name }),
    })
  if (!authorization) return c.redirect(path, 303)
  const link = linkOf(context.publicUrl, session)
  const content = await authorisePage({ ...view, plan, authorization, link })
  return show(c, { title: 'Authorise the subscription', shop: organization.name, content })
}

/** Plays what the customer chose to happen with the payment. */
async function takeOutcome(site: Site, c: HttpContext, opened: OpenedSession): Promise<Response> {
  const { session, realm, now } = opened
  const path = pathOf(site, opened)
  const fields = new Fields(await formOf(c))
  const outcome = fields.oneOf('outcome', OUTCOMES)
  fields.check()
  const isOver = outcome === 'EXPIRE' || outcome === 'CANCEL'
  const canPay = isShort(session) || (session.quote && isHeld(session.quote, now))
  if (!isOver && !canPay && canBePaid(session, now)) return c.redirect(`${path}/pay`, 303)
  try {
    await play(site.context, realm, session.uuid, { outcome })
  } catch (error) {
    // Somebody else was first, or the customer is not known yet: the checkout's own page says how it stands.
    if (error instanceof ApiError && error.status !== 404) return c.redirect(path, 303)
    throw error
  }
  const isHere = isOver && !session.cancelUrl
  return c.redirect(`${path}/${isHere ? 'receipt' : 'status'}`, 303)
}

function showProgress(site: Site, c: HttpContext, opened: OpenedSession): Response | Promise<Response> {
  if (!statusOf(opened.session, opened.now)) return c.redirect(pathOf(site, opened), 303)
  const view = progressView(opened, site.base)
  return site.show(c, {
    title: opened.session.plan ? 'Your subscription' : 'Your payment',
    shop: opened.organization.name,
    content: progressPage(view),
    head: refreshTag(view),
  })
}

function showReceipt(site: Site, c: HttpContext, opened: OpenedSession): Response | Promise<Response> {
  const status = statusOf(opened.session, opened.now)?.status
  return status && isFinal(status) ? showResult(site, c, opened, true) : c.redirect(pathOf(site, opened), 303)
}

function showDetails(
  site: Site,
  c: HttpContext,
  opened: OpenedSession,
  values: object,
  errors: readonly FieldError[],
): Promise<Response> {
  const { settings } = site.context
  const { session, now, organization, asksCustomer } = opened
  const quotes = new Map(COINS.map((coin) => [coin.id, quote(session, coin, now, settings)]))
  const chosen = Number('currencyId' in values ? values.currencyId : (session.quote?.currencyId ?? COINS[0]?.id))
  const path = pathOf(site, opened)
  const maximum = session.authorization?.maximum ?? defaultMaximum(session, settings)
  const shop = organization.name
  const view = { session, shop, path, quotes, chosen, asksCustomer, maximum, values: { ...values }, errors }
  const content = detailsPage(view)
  const title = errors.length > 0 ? 'Please check your details' : 'Choose how to pay'
  return site.show(c, { title, shop: organization.name, content }, errors.length > 0 ? 422 : 200)
}

function showResult(site: Site, c: HttpContext, opened: OpenedSession, justNow: boolean): Promise<Response> {
  const view = resultView(site.context, opened, justNow)
  const page = { title: 'Your checkout', shop: view.shop, content: resultPage(view) }
  return site.show(c, page, view.change.status === 'expired' && !justNow ? 410 : 200)
}

/** What the customer entered before they went back to the first page. */
function typedBefore({ session: { payer, authorization } }: OpenedSession): object {
  return authorization?.periods ? { ...payer, periods: String(authorization.periods) } : { ...payer }
}

function pathOf({ base }: Site, { session }: OpenedSession): string {
  return `${base}/checkout/${session.uuid}`
}

import { Hono, type Context as HttpContext } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { unavailable } from '../../../kernel/unavailable.ts'
import { basePath } from '../../context.ts'
import { isUuid } from '../../fields.ts'
import { readAsset, securityHeaders } from '../../pages/assets.ts'
import { type Frame, layout, type Page } from '../../pages/layout.ts'
import type { Context } from '../context.ts'
import { COINS } from '../currencies.ts'
import { ApiError, type FieldError, notFound } from '../errors.ts'
import { Fields } from '../fields.ts'
import { OUTCOMES, play } from '../play.ts'
import { isHeld, quote } from '../quotes.ts'
import { isFinal, linkOf, statusOf } from '../session.ts'
import { defaultMaximum } from '../subscriptions/authorization.ts'
import { authorisePage } from './authorise.ts'
import { choose } from './choose.ts'
import { claimPageRoutes } from './claim-routes.ts'
import { customerRoutes } from './customer-routes.ts'
import { detailsPage } from './details.ts'
import { errorAnswer } from './error.ts'
import { type OpenedSession, openSession } from './open.ts'
import { payPage } from './pay.ts'
import { progressPage, progressView, refreshTag } from './progress.ts'
import { resultPage, resultView } from './result.ts'

const file = (path: string) => new URL(path, import.meta.url)
const STYLESHEET = readAsset(
  'checkout.css',
  file('../../pages/frame.css'),
  file('../../pages/controls.css'),
  file('../../pages/endings.css'),
  file('../assets/coins.css'),
  file('../assets/subscriptions.css'),
)
const SCRIPT = readAsset('checkout.js', file('../assets/checkout.js'))
const FOOT = 'This is a simulation of QBitFlow. No real money is used.'
const KEEP_A_YEAR = 'public, max-age=31536000, immutable'

/** What a customer sees: details, payment, progress, result. Every step is a form, so it goes without a script too. */
export function pageRoutes(context: Context): Hono {
  const app = new Hono({ strict: false })
  const base = basePath(context)
  const frame: Frame = { base, stylesheet: STYLESHEET.name, script: SCRIPT.name, foot: FOOT }
  const headers = securityHeaders(new URL(context.publicUrl).origin.replace(/^http/, 'ws'))

  async function show(c: HttpContext, page: Page, status: ContentfulStatusCode = 200): Promise<Response> {
    return c.html(await layout(frame, page), status, headers)
  }

  const pathOf = ({ session }: OpenedSession) => `${base}/checkout/${session.uuid}`

  app.get('/assets/:name', (c) => {
    const asset = [STYLESHEET, SCRIPT].find(({ name }) => name === c.req.param('name'))
    if (!asset) throw notFound()
    return c.body(asset.content, 200, { 'Content-Type': asset.type, 'Cache-Control': KEEP_A_YEAR })
  })

  app.get('/checkout/:uuid', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    const status = statusOf(opened.session, opened.now)?.status
    if (status && !isFinal(status)) return c.redirect(`${pathOf(opened)}/status`, 303)
    if (status) return showResult(c, opened, false)
    return showDetails(c, opened, typedBefore(opened), [])
  })

  app.post('/checkout/:uuid', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    if (statusOf(opened.session, opened.now)) return c.redirect(pathOf(opened), 303)
    const form = Object.fromEntries(new URLSearchParams(await c.req.text()))
    try {
      await choose(context, opened, form)
    } catch (error) {
      if (!(error instanceof ApiError) || error.errors.length === 0) throw error
      return showDetails(c, opened, form, error.errors)
    }
    return c.redirect(`${pathOf(opened)}/pay`, 303)
  })

  app.get('/checkout/:uuid/pay', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    const { session, now, organization } = opened
    const isReady = session.quote && (!opened.asksCustomer || session.payer)
    if (!session.quote || !isReady || statusOf(session, now)) return c.redirect(pathOf(opened), 303)
    const secondsLeft = Math.floor((new Date(session.quote.expiresAt).getTime() - now.getTime()) / 1_000)
    const { plan, authorization, quote } = session
    const view = { session, quote, path: pathOf(opened), secondsLeft }
    if (!plan) return show(c, { title: 'Send the payment', shop: organization.name, content: await payPage(view) })
    if (!authorization) return c.redirect(pathOf(opened), 303)
    const link = linkOf(context.publicUrl, session)
    const content = await authorisePage({ ...view, plan, authorization, link })
    return show(c, { title: 'Authorise the subscription', shop: organization.name, content })
  })

  app.post('/checkout/:uuid/play', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    const { session, realm, now } = opened
    const fields = new Fields(Object.fromEntries(new URLSearchParams(await c.req.text())))
    const outcome = fields.oneOf('outcome', OUTCOMES)
    fields.check()
    const isOver = outcome === 'EXPIRE' || outcome === 'CANCEL'
    const canPay = session.quote && isHeld(session.quote, now)
    if (!isOver && !canPay && !statusOf(session, now)) return c.redirect(`${pathOf(opened)}/pay`, 303)
    try {
      await play(context, realm, session.uuid, { outcome })
    } catch (error) {
      // Somebody else was first, or the customer is not known yet: the checkout's own page says how it stands.
      if (error instanceof ApiError && error.status !== 404) return c.redirect(pathOf(opened), 303)
      throw error
    }
    const isHere = isOver && !session.cancelUrl
    return c.redirect(`${pathOf(opened)}/${isHere ? 'receipt' : 'status'}`, 303)
  })

  app.get('/checkout/:uuid/status', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    if (!statusOf(opened.session, opened.now)) return c.redirect(pathOf(opened), 303)
    const view = progressView(opened, base)
    const shop = opened.organization.name
    return show(c, {
      title: opened.session.plan ? 'Your subscription' : 'Your payment',
      shop,
      content: progressPage(view),
      head: refreshTag(view),
    })
  })

  app.get('/checkout/:uuid/receipt', async (c) => {
    const opened = await openSession(context, c.req.param('uuid'))
    const status = statusOf(opened.session, opened.now)?.status
    return status && isFinal(status) ? showResult(c, opened, true) : c.redirect(pathOf(opened), 303)
  })

  app.route('/', customerRoutes(context, show))
  app.route('/', claimPageRoutes(context, show))

  // An address below a page is where one of its forms was sent to, or a link that was cut off.
  app.get('/:kind{checkout|subscription|payment}/:uuid/*', (c) => {
    const { kind, uuid } = c.req.param()
    if (!isUuid(uuid)) throw notFound()
    return c.redirect(`${base}/${kind}/${uuid}`, 303)
  })
  app.get('/:kind{checkout|subscription|payment|claim}', () => {
    throw notFound()
  })

  app.onError((error, c) => {
    const { status, page } = errorAnswer(error, c.req.path)
    if (status === 500 && !c.req.raw.signal.aborted)
      context.log.error({ err: error, path: c.req.path }, 'the simulator failed')
    if (status === 503) c.header('retry-after', String(unavailable(error)?.retryAfter))
    return show(c, page, status)
  })

  /** What the customer entered before they went back to the first page. */
  function typedBefore({ session: { payer, authorization } }: OpenedSession): object {
    return authorization?.periods ? { ...payer, periods: String(authorization.periods) } : { ...payer }
  }

  function showDetails(c: HttpContext, opened: OpenedSession, values: object, errors: readonly FieldError[]) {
    const { session, now, organization, asksCustomer } = opened
    const quotes = new Map(COINS.map((coin) => [coin.id, quote(session, coin, now, context.settings)]))
    const chosen = Number('currencyId' in values ? values.currencyId : (session.quote?.currencyId ?? COINS[0]?.id))
    const path = pathOf(opened)
    const maximum = session.authorization?.maximum ?? defaultMaximum(session, context.settings)
    const view = { session, path, quotes, chosen, asksCustomer, maximum, values: { ...values }, errors }
    const content = detailsPage(view)
    const title = errors.length > 0 ? 'Please check your details' : 'Choose how to pay'
    return show(c, { title, shop: organization.name, content }, errors.length > 0 ? 422 : 200)
  }

  function showResult(c: HttpContext, opened: OpenedSession, justNow: boolean) {
    const view = resultView(context, opened, justNow)
    const page = { title: 'Your checkout', shop: view.shop, content: resultPage(view) }
    return show(c, page, view.change.status === 'expired' && !justNow ? 410 : 200)
  }

  return app
}

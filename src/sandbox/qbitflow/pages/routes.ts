import { Hono, type Context as HttpContext } from 'hono'
import { unavailable } from '../../../kernel/unavailable.ts'
import { isUuid } from '../../fields.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { checkoutRoutes } from './checkout-routes.ts'
import { claimPageRoutes } from './claim-routes.ts'
import { customerRoutes } from './customer-routes.ts'
import { errorAnswer } from './error.ts'
import { ASSETS, type Site, siteOf } from './site.ts'

const KEEP_A_YEAR = 'public, max-age=31536000, immutable'

/** The pages that customers see. Every step is a form, so it goes without a script too. */
export function pageRoutes(context: Context): Hono {
  const site = siteOf(context)
  const app = new Hono({ strict: false })
  app.get('/assets/:name', (c) => sendAsset(c, c.req.param('name')))
  app.route('/', checkoutRoutes(site))
  app.route('/', customerRoutes(site))
  app.route('/', claimPageRoutes(site))
  // An address below a page is where one of its forms was sent to, or a link that was cut off.
  app.get('/:kind{checkout|subscription|payment}/:uuid/*', (c) => {
    const { kind, uuid } = c.req.param()
    if (!isUuid(uuid)) throw notFound()
    return c.redirect(`${site.base}/${kind}/${uuid}`, 303)
  })
  app.get('/:kind{checkout|subscription|payment|claim}', () => {
    throw notFound()
  })
  app.onError((error, c) => showError(site, c, error))
  return app
}

function sendAsset(c: HttpContext, wanted: string): Response {
  const asset = ASSETS.find(({ name }) => name === wanted)
  if (!asset) throw notFound()
  return c.body(asset.content, 200, { 'Content-Type': asset.type, 'Cache-Control': KEEP_A_YEAR })
}

function showError({ context, show }: Site, c: HttpContext, error: Error): Promise<Response> {
  const { status, page } = errorAnswer(error, c.req.path)
  if (status === 500 && !c.req.raw.signal.aborted)
    context.log.error({ err: error, path: c.req.path }, 'the simulator failed')
  if (status === 503) c.header('retry-after', String(unavailable(error)?.retryAfter))
  return show(c, page, status)
}

import { Hono } from 'hono'
import { unavailable } from '../../kernel/unavailable.ts'
import { wholeBody } from '../bodies.ts'
import { basePath } from '../context.ts'
import type { Context } from './context.ts'
import { ApiError, answerError, apiErrorFrom, notFound } from './errors.ts'
import { pageRoutes } from './pages/routes.ts'
import { accountingRoutes } from './routes/accounting.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { claimRoutes } from './routes/claims.ts'
import { controlRoutes } from './routes/control.ts'
import { currencyRoutes } from './routes/currencies.ts'
import { customerRoutes } from './routes/customers.ts'
import { faultRoutes } from './routes/faults.ts'
import { merchantControlRoutes } from './routes/merchant-control.ts'
import { paymentRoutes } from './routes/payments.ts'
import { productRoutes } from './routes/products.ts'
import { refundRoutes } from './routes/refunds.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { statusRoutes } from './routes/status.ts'
import { subscriptionControlRoutes } from './routes/subscription-control.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'
import { userRoutes } from './routes/users.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** The whole server: the API under /v1, the pages that customers see, and the control routes beside them. */
export function createRoutes(context: Context): Hono {
  const app = new Hono({ strict: false }).basePath(basePath(context) || '/')
  app.use(wholeBody((c, status, message) => answerError(c, new ApiError(status, message))))
  app.route('/v1/product', productRoutes(context))
  app.route('/v1/customer', customerRoutes(context))
  app.route('/v1/user/claim', claimRoutes(context))
  app.route('/v1/user', userRoutes(context))
  app.route('/v1/api-key', apiKeyRoutes(context))
  app.route('/v1/transaction/session-checkout', sessionRoutes(context))
  app.route('/v1/transaction/subscription', subscriptionRoutes(context))
  app.route('/v1/transaction', paymentRoutes(context))
  app.route('/v1/transaction', statusRoutes(context))
  app.route('/v1/transaction/refunds', refundRoutes(context))
  app.route('/v1/accounting', accountingRoutes(context))
  app.route('/v1/webhooks', webhookRoutes(context))
  app.route('/v1/utils', currencyRoutes())
  app.route('/_sandbox/subscriptions', subscriptionControlRoutes(context))
  app.route('/_sandbox/faults', faultRoutes(context))
  app.route('/_sandbox', merchantControlRoutes(context))
  app.route('/_sandbox', controlRoutes(context))
  app.route('/', pageRoutes(context))
  app.notFound((c) => answerError(c, notFound()))
  app.onError((error, c) => {
    const known = apiErrorFrom(error)
    if (known) return answerError(c, known)
    const away = unavailable(error)
    if (away) {
      c.header('retry-after', String(away.retryAfter))
      return c.json({ error: 'service unavailable' }, 503)
    }
    if (c.req.raw.signal.aborted) return c.json({ error: 'the request was broken off' }, 400)
    context.log.error({ err: error, path: c.req.path }, 'the simulator failed')
    return c.json({ error: 'internal server error' }, 500)
  })
  return app
}

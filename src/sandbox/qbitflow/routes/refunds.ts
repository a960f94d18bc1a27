import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { PROVIDER, payments } from '../documents.ts'
import { notFound } from '../errors.ts'
import { transactionId, transactionIn } from '../ids.ts'
import { type Env, ownRows, requireKey } from '../keys.ts'
import { pageQuery, pageView } from '../paging.ts'
import { refunds } from '../refunds/documents.ts'
import { lastRefundOf } from '../refunds/request.ts'
import { refundView } from '../refunds/view.ts'
import { subscriptionHistory } from '../subscriptions/documents.ts'

export function refundRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  const authenticated = requireKey(context)

  // Public: whoever knows a transaction's id may know whether it was given back.
  app.get('/by-transaction/:uuid', async (c) => {
    const uuid = transactionIn(c.req.param('uuid'), 'payment', 'subscriptionHistory')
    const paid =
      (await payments.findAnywhere(context.pool, PROVIDER, uuid)) ??
      (await subscriptionHistory.findAnywhere(context.pool, PROVIDER, uuid))
    const refund = paid && (await lastRefundOf(context.world(paid.realm), uuid))
    if (!refund) throw notFound()
    return c.json(refundView(refund))
  })

  app.get('/all', authenticated, async (c) => {
    const caller = c.get('caller')
    const where = { ...ownRows(caller), isActive: true }
    const found = await refunds.list(context.world(caller.realm), { where })
    return c.json((found ?? []).map(refundView))
  })

  app.get('/all/inactive', authenticated, async (c) => {
    const caller = c.get('caller')
    const where = { ...ownRows(caller), isActive: false }
    const page = pageQuery(c.req.query())
    return c.json(await pageView(context.world(caller.realm), refunds, page, where, refundView, transactionId))
  })

  return app
}

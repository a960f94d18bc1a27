import { Hono } from 'hono'
import { combined, combinedId, combinedView } from '../combined.ts'
import type { Context } from '../context.ts'
import { customers, payments } from '../documents.ts'
import { notFound } from '../errors.ts'
import { transactionId, transactionIn } from '../ids.ts'
import { type Env, ownRows, requireKey, visible } from '../keys.ts'
import { pageQuery, pageView } from '../paging.ts'
import { paymentView } from '../payment.ts'
import { subscriptionHistory, subscriptions } from '../subscriptions/documents.ts'
import { customerView } from './customers.ts'

export function paymentRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  const authenticated = requireKey(context)

  app.get('/payments', authenticated, async (c) => {
    const caller = c.get('caller')
    const world = context.world(caller.realm)
    const page = pageQuery(c.req.query())
    return c.json(await pageView(world, payments, page, ownRows(caller), paymentView, transactionId))
  })

  app.get('/payments/combined', authenticated, async (c) => {
    const caller = c.get('caller')
    const world = context.world(caller.realm)
    const page = pageQuery(c.req.query())
    return c.json(await pageView(world, combined, page, ownRows(caller), combinedView, combinedId))
  })

  app.get('/payment/:uuid', authenticated, async (c) => {
    const caller = c.get('caller')
    const found = await payments.find(context.world(caller.realm), transactionIn(c.req.param('uuid'), 'payment'))
    return c.json(paymentView(visible(caller, found)))
  })

  app.get('/customer/:uuid', authenticated, async (c) => {
    const caller = c.get('caller')
    const world = context.world(caller.realm)
    const uuid = transactionIn(c.req.param('uuid'))
    const transaction =
      (await payments.find(world, uuid)) ??
      (await subscriptions.find(world, uuid)) ??
      (await subscriptionHistory.find(world, uuid))
    const customer = await customers.find(world, visible(caller, transaction).customerUUID)
    if (!customer) throw notFound()
    return c.json(customerView(customer))
  })

  return app
}

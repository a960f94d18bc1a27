import { Hono } from 'hono'
import { basePath } from '../../context.ts'
import { UUID_RULE } from '../../fields.ts'
import type { Context } from '../context.ts'
import { PROVIDER } from '../documents.ts'
import { ApiError, notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { transactionId, transactionIn } from '../ids.ts'
import { type Env, requireKey, visible } from '../keys.ts'
import { type Subscription, subscriptions } from '../subscriptions/documents.ts'
import { historyOf, historyView } from '../subscriptions/history.ts'
import { executeBilling, forceCancel, reportUsage } from '../subscriptions/verbs.ts'
import { subscriptionView } from '../subscriptions/view.ts'

/** Subscriptions of both kinds. Two of the GETs act. */
export function subscriptionRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  const authenticated = requireKey(context)

  /** @throws ApiError 404 once it is cancelled, as for one that never was. */
  async function live(caller: Env['Variables']['caller'], id: string): Promise<Subscription> {
    const found = visible(
      caller,
      await subscriptions.find(context.world(caller.realm), transactionIn(id, 'subscription', 'payAsYouGo')),
    )
    if (found.status === 'cancelled') throw notFound()
    return found
  }

  app.get('/:uuid', authenticated, async (c) => {
    return c.json(subscriptionView(await live(c.get('caller'), c.req.param('uuid'))))
  })

  // Public, and an id that nobody knows has no history.
  app.get('/history/:uuid', async (c) => {
    return c.json(await findHistory(context, c.req.param('uuid')))
  })

  app.get('/processing/force-cancel/:uuid', authenticated, async (c) => {
    const caller = c.get('caller')
    const { uuid } = await live(caller, c.req.param('uuid'))
    await forceCancel(context, caller.realm, uuid)
    return c.json({ message: 'Subscription cancellation queued' })
  })

  app.get('/processing/execute-billing/:uuid', authenticated, async (c) => {
    const caller = c.get('caller')
    const { uuid } = await live(caller, c.req.param('uuid'))
    const bill = await executeBilling(context, caller.realm, uuid)
    return c.json({
      message: 'Billing executed successfully',
      ...(bill ? { statusLink: statusLink(context, bill.uuid) } : {}),
    })
  })

  app.post('/payg/increase-units-current-period', authenticated, async (c) => {
    const caller = c.get('caller')
    const fields = new Fields(parseObject(await c.req.text()))
    const id = fields.text('subscriptionUUID', { max: UUID_RULE.max + 'payg@'.length })
    const units = fields.price('increaseByAmount')
    fields.check()
    const { uuid } = await live(caller, id)
    await reportUsage(context, caller.realm, uuid, units)
    return c.json({ message: 'Units increased successfully' })
  })

  return app
}

async function findHistory(context: Context, id: string): Promise<object[]> {
  const found = await findAnywhere(context, id)
  if (!found) return []
  return (await historyOf(context.world(found.realm), found.document.uuid)).map(historyView)
}

async function findAnywhere(context: Context, id: string) {
  try {
    return await subscriptions.findAnywhere(context.pool, PROVIDER, transactionIn(id, 'subscription', 'payAsYouGo'))
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** Where the bill can be watched. */
function statusLink(context: Context, uuid: string): string {
  const { host, protocol } = new URL(context.publicUrl)
  const query = `txUUID=${transactionId({ uuid, kind: 'subscriptionHistory' })}&txType=executeSubscription`
  const scheme = protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${host}${basePath(context)}/v1/transaction/status/ws?${query}`
}

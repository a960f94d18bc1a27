import { Hono } from 'hono'
import { once } from '../../once.ts'
import { clear } from '../../store.ts'
import { settleFunds } from '../claims/funds.ts'
import type { Context } from '../context.ts'
import { apiKeys, payments, THE_ORGANIZATION, users } from '../documents.ts'
import { notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { numberIn, transactionIn } from '../ids.ts'
import { type Env, requireAdmin, requireKey, visible } from '../keys.ts'
import { approveRefund, refuseRefund } from '../refunds/answer.ts'
import { lastRefundOf, requestRefund } from '../refunds/request.ts'
import { refundView } from '../refunds/view.ts'
import { subscriptionHistory } from '../subscriptions/documents.ts'

const REASON_RULE = { max: 1_000 }

/** What the provider offers in its dashboard and on its pages alone: refunds, funding claims, and a fresh start. */
export function merchantControlRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  const authenticated = requireKey(context)

  app.post('/refunds', authenticated, async (c) => {
    const caller = c.get('caller')
    const fields = new Fields(parseObject(await c.req.text()))
    const id = fields.text('transactionUUID', { max: 60 })
    const reason = fields.optionalText('reason', REASON_RULE) ?? ''
    fields.check()
    const uuid = transactionIn(id, 'payment', 'subscriptionHistory')
    const world = context.world(caller.realm)
    visible(caller, (await payments.find(world, uuid)) ?? (await subscriptionHistory.find(world, uuid)))
    const requested = await once(context, idempotencyKeyOf(c), (context) =>
      requestRefund(context, caller.realm, uuid, reason),
    )
    return c.json(refundView(visible(caller, requested ?? (await lastRefundOf(world, uuid)))), 201)
  })

  app.post('/refunds/:uuid/approve', authenticated, async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    const outcome = fields.has('outcome') ? fields.oneOf('outcome', ['PAY', 'FAIL']) : 'PAY'
    fields.check()
    const uuid = transactionIn(c.req.param('uuid'), 'refund')
    return c.json(refundView(await approveRefund(context, c.get('caller'), uuid, outcome)))
  })

  app.post('/refunds/:uuid/refuse', authenticated, async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    const message = fields.optionalText('message', REASON_RULE)
    fields.check()
    const uuid = transactionIn(c.req.param('uuid'), 'refund')
    return c.json(refundView(await refuseRefund(context, c.get('caller'), uuid, message)))
  })

  app.post('/claim-funds/:userId/fund', authenticated, requireAdmin, async (c) => {
    const userId = numberIn(c.req.param('userId'))
    const settled = await context.transaction(c.get('caller').realm, (world) => settleFunds(world, Number(userId)))
    if (settled === 0) throw notFound()
    return c.json({ message: 'claim funds paid', settled })
  })

  app.post('/reset', authenticated, requireAdmin, async (c) => {
    await context.transaction(c.get('caller').realm, async (world) => {
      const owners = (await users.list(world, { where: { role: 'owner' } })) ?? []
      const keys = (await apiKeys.list(world, { where: { role: 'owner' } })) ?? []
      await clear(world, [
        { kind: 'organization', id: THE_ORGANIZATION },
        ...owners.map(({ id }) => ({ kind: 'user', id: String(id) })),
        ...keys.map(({ id }) => ({ kind: 'apiKey', id: String(id) })),
      ])
    })
    return c.json({ message: 'everything is gone but the organization, its owner and their keys' })
  })

  return app
}

import { Hono } from 'hono'
import { once } from '../../once.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { transactionIn } from '../ids.ts'
import { type Env, requireKey, visible } from '../keys.ts'
import { type Subscription, subscriptions } from '../subscriptions/documents.ts'
import { adjust, cancelByCustomer, changeMaximum, confirmTrial, topUp } from '../subscriptions/verbs.ts'
import { subscriptionView } from '../subscriptions/view.ts'
import { centsOf, usdOf } from '../usd.ts'

/** Plays the customer of a subscription, and turns what a test wants otherwise: `/_sandbox/subscriptions`. */
export function subscriptionControlRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  /** Each answers the subscription as it stands after it, also when that is cancelled. */
  function verb(
    name: string,
    act: (context: Context, realm: string, uuid: string, fields: Fields) => Promise<unknown>,
  ): void {
    app.post(`/:uuid/${name}`, async (c) => {
      const caller = c.get('caller')
      const world = context.world(caller.realm)
      const uuid = transactionIn(c.req.param('uuid'), 'subscription', 'payAsYouGo')
      visible(caller, await subscriptions.find(world, uuid))
      const fields = new Fields(parseObject(await c.req.text()))
      await once(context, idempotencyKeyOf(c), (context) => act(context, caller.realm, uuid, fields))
      const subscription: Subscription | undefined = await subscriptions.find(world, uuid)
      if (!subscription) throw notFound()
      return c.json(subscriptionView(subscription))
    })
  }

  verb('top-up', (context, realm, uuid, fields) => topUp(context, realm, uuid, amountIn(fields, 'allowance')))
  verb('raise-maximum', (context, realm, uuid, fields) =>
    changeMaximum(context, realm, uuid, amountIn(fields, 'maximum')),
  )
  verb('confirm', confirmTrial)
  verb('cancel', cancelByCustomer)
  verb('drain', (context, realm, uuid, fields) => {
    const allowance = fields.optionalAmount('allowance') ?? '0'
    fields.check()
    return adjust(context, realm, uuid, { allowance: usdOf(centsOf(allowance)) })
  })
  verb('price', (context, realm, uuid, fields) => {
    const price = fields.price('price')
    fields.check()
    return adjust(context, realm, uuid, { price })
  })
  return app
}

/** @throws ApiError when it is missing, wrong or less than a cent. */
function amountIn(fields: Fields, key: string): string {
  const amount = fields.price(key)
  fields.check()
  if (centsOf(amount) === 0n) fields.reject(key, 'is less than a cent', undefined)
  fields.check()
  return usdOf(centsOf(amount))
}

import { Hono } from 'hono'
import { isObject, withoutAbsent } from '../../fields.ts'
import { once } from '../../once.ts'
import type { Context } from '../context.ts'
import { type Coin, findCoin, findCoinBySymbol } from '../currencies.ts'
import { organizations, sessions, THE_ORGANIZATION } from '../documents.ts'
import { notFound } from '../errors.ts'
import { Fields, parseObject, productTextRule } from '../fields.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { transactionIn } from '../ids.ts'
import { type Env, requireAdmin, requireKey, visible } from '../keys.ts'
import { OUTCOMES, play } from '../play.ts'
import { type AuthorizationChoice, MAX_PERIODS } from '../subscriptions/authorization.ts'

/** What no provider offers: playing the customer's part, and turning the account's settings. */
export function controlRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.post('/sessions/:uuid/play', async (c) => {
    const caller = c.get('caller')
    const uuid = transactionIn(c.req.param('uuid'))
    const fields = new Fields(parseObject(await c.req.text()))
    const outcome = fields.oneOf('outcome', OUTCOMES)
    const coin = coinIn(fields)
    const given = fields.value('customer')
    if (fields.has('customer') && !isObject(given)) fields.reject('customer', 'must be an object', undefined)
    const authorization = choiceIn(fields)
    fields.check()
    const customer = isObject(given) ? given : undefined
    const faults = c.env.beginning?.rules
    const wanted = { outcome, coin, customer, authorization, caller, faults }
    const played = await once(context, idempotencyKeyOf(c), (context) => play(context, caller.realm, uuid, wanted))
    const session = played ?? visible(caller, await sessions.find(context.world(caller.realm), uuid))
    return c.json({ status: session.history.at(-1)?.status })
  })

  app.put('/organization', requireAdmin, async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    const name = fields.optionalText('name', productTextRule(100))
    const statuses = fields.has('webhookStatuses') ? fields.oneOf('webhookStatuses', ['all', 'final']) : undefined
    const switches = {
      subscriptionWebhooks: fields.optionalFlag('subscriptionWebhooks'),
      refundWebhooks: fields.optionalFlag('refundWebhooks'),
      earlyTestBilling: fields.optionalFlag('earlyTestBilling'),
    }
    fields.check()
    const organization = await context.transaction(c.get('caller').realm, async (world) => {
      const before = await organizations.lock(world, THE_ORGANIZATION)
      if (!before) throw notFound()
      const after = {
        ...before,
        name: name ?? before.name,
        webhookStatuses: statuses ?? before.webhookStatuses,
        ...withoutAbsent(switches),
      }
      await organizations.replace(world, THE_ORGANIZATION, after)
      return after
    })
    return c.json(organization)
  })

  return app
}

/** What the customer of a subscription allows; undefined leaves it to what they chose before. */
function choiceIn(fields: Fields): AuthorizationChoice | undefined {
  const periods = fields.optionalWhole('periods', 0, MAX_PERIODS) || undefined
  const allowance = fields.optionalPrice('allowance')
  const maximum = fields.optionalPrice('maximum')
  return periods || allowance || maximum ? { periods, allowance, maximum } : undefined
}

function coinIn(fields: Fields): Coin | undefined {
  const id = fields.optionalId('currencyId')
  const symbol = fields.optionalText('currencySymbol', { max: 10 })
  if (id !== undefined) return findCoin(id) ?? fields.reject('currencyId', 'is unknown', undefined)
  if (symbol === undefined) return undefined
  return findCoinBySymbol(symbol) ?? fields.reject('currencySymbol', 'is unknown', undefined)
}

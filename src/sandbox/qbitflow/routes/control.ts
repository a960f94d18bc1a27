import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { type Coin, findCoin, findCoinBySymbol } from '../currencies.ts'
import { organizations, sessions, THE_ORGANIZATION } from '../documents.ts'
import { notFound } from '../errors.ts'
import { Fields, isObject, parseObject, productTextRule } from '../fields.ts'
import { transactionIn } from '../ids.ts'
import { type Env, requireKey, visible } from '../keys.ts'
import { OUTCOMES, play } from '../play.ts'

/** What no provider offers: playing the customer's part, and turning the account's settings. */
export function controlRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.post('/sessions/:uuid/play', async (c) => {
    const caller = c.get('caller')
    const uuid = transactionIn(c.req.param('uuid'))
    visible(caller, await sessions.find(context.world(caller.realm), uuid))
    const body = parseObject(await c.req.text())
    const fields = new Fields(body)
    const outcome = fields.oneOf('outcome', OUTCOMES)
    const coin = coinIn(fields)
    if (fields.has('customer') && !isObject(body.customer)) fields.reject('customer', 'must be an object', undefined)
    fields.check()
    const customer = isObject(body.customer) ? body.customer : undefined
    const session = await play(context, caller.realm, uuid, { outcome, coin, customer })
    return c.json({ status: session.history.at(-1)?.status })
  })

  app.put('/organization', async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    const name = fields.optionalText('name', productTextRule(100))
    const statuses = fields.has('webhookStatuses') ? fields.oneOf('webhookStatuses', ['all', 'final']) : undefined
    fields.check()
    const organization = await context.transaction(c.get('caller').realm, async (world) => {
      const before = await organizations.lock(world, THE_ORGANIZATION)
      if (!before) throw notFound()
      const after = { ...before, name: name ?? before.name, webhookStatuses: statuses ?? before.webhookStatuses }
      await organizations.replace(world, THE_ORGANIZATION, after)
      return after
    })
    return c.json(organization)
  })

  return app
}

function coinIn(fields: Fields): Coin | undefined {
  const id = fields.optionalId('currencyId')
  const symbol = fields.optionalText('currencySymbol', { max: 10 })
  if (id !== undefined) return findCoin(id) ?? fields.reject('currencyId', 'is unknown', undefined)
  if (symbol === undefined) return undefined
  return findCoinBySymbol(symbol) ?? fields.reject('currencySymbol', 'is unknown', undefined)
}

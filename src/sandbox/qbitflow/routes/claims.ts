import { Hono } from 'hono'
import { claimLink, requestClaim } from '../claims/claim.ts'
import { claimFunds, claimRequests } from '../claims/documents.ts'
import { claimFundsView, collectFunds } from '../claims/funds.ts'
import type { Context } from '../context.ts'
import { users } from '../documents.ts'
import { notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { numberIn } from '../ids.ts'
import { type Env, ownRows, requireAdmin, requireKey } from '../keys.ts'

export function claimRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.post('/request', requireAdmin, async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    const userId = fields.optionalId('userId')
    if (userId === undefined && !fields.has('userId')) fields.reject('userId', 'is required', undefined)
    fields.check()
    const request = await requestClaim(context, c.get('caller').realm, userId ?? 0)
    return c.json({ message: 'claim request created', link: claimLink(context.publicUrl, request) }, 201)
  })

  app.get('/request/:userID', requireAdmin, async (c) => {
    const world = context.world(c.get('caller').realm)
    const request = await claimRequests.findBy(world, 'user', numberIn(c.req.param('userID')))
    if (!request) throw notFound()
    return c.json({ message: 'claim request found', link: claimLink(context.publicUrl, request) })
  })

  app.get('/funds', async (c) => {
    const caller = c.get('caller')
    const where = { ...ownRows(caller), funded: false }
    const found = await claimFunds.list(context.world(caller.realm), { where })
    return c.json((found ?? []).map(claimFundsView))
  })

  // One of the official clients names the user in the query.
  app.get('/funds/test-trigger', requireAdmin, async (c) =>
    c.json(await trigger(c.get('caller').realm, c.req.query('userID') ?? '')),
  )

  app.get('/funds/test-trigger/:userID', requireAdmin, async (c) =>
    c.json(await trigger(c.get('caller').realm, c.req.param('userID'))),
  )

  async function trigger(realm: string, id: string): Promise<object> {
    const userId = numberIn(id)
    const now = await context.clockOf(realm)
    const row = await context.transaction(realm, async (world) => {
      if (!(await users.find(world, userId))) throw notFound()
      return collectFunds(world, Number(userId), now)
    })
    return { message: row ? 'claim funds computed' : 'nothing is owed to the user' }
  }

  return app
}

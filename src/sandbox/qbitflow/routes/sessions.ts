import { Hono, type Context as HttpContext } from 'hono'
import type { Context } from '../context.ts'
import { organizations, PROVIDER, type Session, sessions, THE_ORGANIZATION } from '../documents.ts'
import { badRequest, notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { transactionId, transactionIn } from '../ids.ts'
import { type Caller, type Env, findCaller, ownerOf, requireKey } from '../keys.ts'
import { type Order, orderFrom, sessionFrom } from '../orders.ts'
import { isCloseToExpiry, linkOf, ownerView, publicView, statusOf } from '../session.ts'
import { expiryOf } from '../transactions.ts'

export function sessionRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })

  app.post('/new/payment', requireKey(context), async (c) => {
    return create(c, { fields: new Fields(parseObject(await c.req.text())), kind: 'payment' })
  })

  app.post('/new/subscription', requireKey(context), async (c) => {
    const fields = new Fields(parseObject(await c.req.text()))
    return create(c, { fields, kind: 'subscription', terms: fields })
  })

  // The older form has one route for every kind; the kinds differ by `options`.
  app.post('/', requireKey(context), async (c) => create(c, orderFrom(parseObject(await c.req.text()))))

  app.get('/:uuid', async (c) => {
    const caller = await findCaller(context, c.req.header('X-API-Key'), c.env.beginning)
    const id = c.req.param('uuid')
    const found = await sessions.findAnywhere(context.pool, PROVIDER, transactionIn(id))
    if (!found) throw notFound()
    const { realm, document: session } = found
    transactionIn(id, session.kind)
    const now = await context.clockOf(realm)
    if (statusOf(session, now)?.status === 'expired') throw notFound()
    const wantsError = c.req.query('closeToExpireError') !== 'false'
    if (wantsError && isCloseToExpiry(session, now, context.settings)) {
      throw badRequest('session is close to expiration')
    }
    const organization = await organizations.find(context.world(realm), THE_ORGANIZATION)
    if (!organization) throw notFound()
    return c.json(owns(caller, realm, session) ? ownerView(session, organization) : publicView(session, organization))
  })

  async function create(c: HttpContext<Env>, order: Order): Promise<Response> {
    const caller = c.get('caller')
    const now = await context.clockOf(caller.realm)
    const session = await sessionFrom(context, caller, order, now)
    const expiresAt = new Date(session.expiresAt)
    await context.transaction(caller.realm, async (world) => {
      await sessions.insert(world, session.uuid, session)
      await context.tasks.schedule(world, expiryOf(session))
    })
    const link = linkOf(context.publicUrl, session)
    return c.json({ uuid: transactionId(session), link, expiresAt: Math.floor(expiresAt.getTime() / 1_000) }, 201)
  }

  return app
}

function owns(caller: Caller | undefined, realm: string, session: Session): boolean {
  if (!caller || caller.realm !== realm) return false
  return ownerOf(caller) === undefined || session.userId === caller.userId
}

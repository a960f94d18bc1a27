import { Hono, type Context as HttpContext } from 'hono'
import { newId } from '../../../kernel/id.ts'
import type { World } from '../../store.ts'
import type { Context } from '../context.ts'
import {
  customers,
  organizations,
  PROVIDER,
  products,
  type Session,
  sessions,
  THE_ORGANIZATION,
  users,
} from '../documents.ts'
import { badRequest, notFound } from '../errors.ts'
import { Fields, parseObject, productTextRule, URL_RULE, UUID_RULE } from '../fields.ts'
import { transactionId, transactionIn } from '../ids.ts'
import { type Caller, type Env, findCaller, ownerOf, requireKey, visible } from '../keys.ts'
import { isCloseToExpiry, linkOf, ownerView, publicView, statusOf } from '../session.ts'
import { centsOf } from '../usd.ts'

export function sessionRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })

  app.post('/new/payment', requireKey(context), async (c) => create(c, parseObject(await c.req.text())))

  // The older form has one route for every kind; the kinds differ by `options`.
  app.post('/', requireKey(context), async (c) => {
    const body = parseObject(await c.req.text())
    if (body.options !== undefined && body.options !== null) throw badRequest('only payments can be created here')
    return create(c, body)
  })

  app.get('/:uuid', async (c) => {
    const caller = await findCaller(context, c.req.header('X-API-Key'))
    const found = await sessions.findAnywhere(context.pool, PROVIDER, transactionIn(c.req.param('uuid')))
    if (!found) throw notFound()
    const { realm, document: session } = found
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

  async function create(c: HttpContext<Env>, body: Record<string, unknown>): Promise<Response> {
    const caller = c.get('caller')
    const now = await context.clockOf(caller.realm)
    const session = await sessionFrom(context, caller, new Fields(body), now)
    const expiresAt = new Date(session.expiresAt)
    await context.transaction(caller.realm, async (world) => {
      await sessions.insert(world, session.uuid, session)
      await context.tasks.schedule(world, { kind: 'expire', subject: session.uuid, body: {}, dueAt: expiresAt })
    })
    const link = linkOf(context.publicUrl, session)
    return c.json({ uuid: transactionId(session), link, expiresAt: Math.floor(expiresAt.getTime() / 1_000) }, 201)
  }

  return app
}

async function sessionFrom(context: Context, caller: Caller, fields: Fields, now: Date): Promise<Session> {
  const world = context.world(caller.realm)
  const productId = fields.optionalId('productId')
  const inline = productId === undefined ? inlineProduct(fields) : undefined
  const customerUUID = fields.optionalText('customerUUID', UUID_RULE)?.toLowerCase()
  const urls = {
    successUrl: fields.optionalText('successUrl', URL_RULE),
    cancelUrl: fields.optionalText('cancelUrl', URL_RULE),
    webhookUrl: fields.optionalText('webhookUrl', URL_RULE),
  }
  fields.check()
  const item = inline ?? (await productItem(world, caller, productId ?? 0))
  if (centsOf(item.price) === 0n) {
    fields.reject('price', 'is less than a cent', undefined)
    fields.check()
  }
  return {
    uuid: newId(),
    kind: 'payment',
    ...item,
    ...urls,
    customerUUID: await knownCustomer(world, caller, customerUUID),
    ...(await sellerOf(world, caller)),
    organizationId: caller.organizationId,
    feeBps: context.settings.platformFeeBps,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + context.settings.sessionLifetimeMs).toISOString(),
    history: [],
  }
}

type Item = Pick<Session, 'productId' | 'productName' | 'description' | 'price'>

function inlineProduct(fields: Fields): Item {
  return {
    productName: fields.text('productName', productTextRule(100)),
    description: fields.text('description', productTextRule(500)),
    price: fields.price('price'),
  }
}

async function productItem(world: World, caller: Caller, productId: number): Promise<Item> {
  const { name, description, price } = visible(caller, await products.find(world, String(productId)))
  return { productId, productName: name, description, price }
}

/** A customer that nobody knows is no error: the page will ask who pays. */
async function knownCustomer(world: World, caller: Caller, uuid: string | undefined): Promise<string | undefined> {
  const customer = uuid && (await customers.find(world, uuid))
  return customer && (ownerOf(caller) === undefined || customer.userId === caller.userId) ? customer.uuid : undefined
}

async function sellerOf(
  world: World,
  caller: Caller,
): Promise<Pick<Session, 'userId' | 'userName' | 'organizationFeeBps'>> {
  const userId = ownerOf(caller)
  const user = userId !== undefined && (await users.find(world, String(userId)))
  return user ? { userId, userName: `${user.name} ${user.lastName}`, organizationFeeBps: user.organizationFeeBps } : {}
}

function owns(caller: Caller | undefined, realm: string, session: Session): boolean {
  if (!caller || caller.realm !== realm) return false
  return ownerOf(caller) === undefined || session.userId === caller.userId
}

import { Hono, type Context as HttpContext } from 'hono'
import { EMAIL_RULE } from '../../fields.ts'
import { nextNumber } from '../../store.ts'
import type { Context } from '../context.ts'
import { apiKeys, type User, users } from '../documents.ts'
import { forbidden, notFound } from '../errors.ts'
import { Fields, nameRule, parseObject } from '../fields.ts'
import { numberIn } from '../ids.ts'
import { type Caller, type Env, outranks, requireAdmin, requireKey } from '../keys.ts'

const MAX_FEE_BPS = 1_000

export function userRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))
  app.get('/', (c) => showCallersUser(context, c))
  app.get('/all', requireAdmin, (c) => listUsers(context, c))
  app.get('/id/:id', requireAdmin, (c) => findUser(context, c, c.req.param('id')))
  app.post('/', requireAdmin, (c) => createUser(context, c))
  app.put('/:id', (c) => updateUser(context, c, c.req.param('id')))
  app.delete('/:id', requireAdmin, (c) => deleteUser(context, c, c.req.param('id')))
  return app
}

async function showCallersUser(context: Context, c: HttpContext<Env>): Promise<Response> {
  const { realm, userId } = c.get('caller')
  return c.json(userView(existing(await users.find(context.world(realm), String(userId)))))
}

async function listUsers(context: Context, c: HttpContext<Env>): Promise<Response> {
  const found = await users.list(context.world(c.get('caller').realm))
  return c.json((found ?? []).map(userView))
}

async function findUser(context: Context, c: HttpContext<Env>, id: string): Promise<Response> {
  const found = await users.find(context.world(c.get('caller').realm), numberIn(id))
  return c.json(userView(existing(found)))
}

async function createUser(context: Context, c: HttpContext<Env>): Promise<Response> {
  const { realm, organizationId } = c.get('caller')
  const fields = new Fields(parseObject(await c.req.text()))
  const wanted = {
    name: fields.text('name', nameRule(2)),
    lastName: fields.text('lastName', nameRule(2)),
    email: fields.text('email', EMAIL_RULE),
    role: fields.oneOf('role', ['user', 'admin']),
    organizationFeeBps: fields.optionalWhole('organizationFeeBps', 0, MAX_FEE_BPS) ?? 0,
  }
  fields.check()
  const createdAt = (await context.clockOf(realm)).toISOString()
  const user = await context.transaction(realm, async (world) => {
    const id = await nextNumber(world)
    const made: User = { id, ...wanted, organizationId, createdAt, updatedAt: createdAt, claimedAt: null }
    await users.insert(world, String(id), made)
    return made
  })
  return c.json(userView(user), 201)
}

async function updateUser(context: Context, c: HttpContext<Env>, idText: string): Promise<Response> {
  const caller = c.get('caller')
  const id = numberIn(idText)
  const isOwn = id === String(caller.userId)
  if (!isOwn && !outranks(caller, 'admin')) throw forbidden('this needs the role admin or owner')
  const fields = new Fields(parseObject(await c.req.text()))
  const name = fields.optionalText('name', nameRule(2))
  const lastName = fields.optionalText('lastName', nameRule(2))
  const email = fields.optionalText('email', EMAIL_RULE)
  // Nobody sets the fee that is taken from their own payments.
  const fee = isOwn ? undefined : fields.optionalWhole('organizationFeeBps', 0, MAX_FEE_BPS)
  const updatedAt = (await context.clockOf(caller.realm)).toISOString()
  const user = await context.transaction(caller.realm, async (world) => {
    const before = reachable(caller, await users.lock(world, id))
    fields.check()
    const after: User = {
      ...before,
      name: name ?? before.name,
      lastName: lastName ?? before.lastName,
      email: email ?? before.email,
      organizationFeeBps: fee ?? before.organizationFeeBps,
      updatedAt,
    }
    await users.replace(world, id, after)
    return after
  })
  return c.json(userView(user))
}

async function deleteUser(context: Context, c: HttpContext<Env>, idText: string): Promise<Response> {
  const caller = c.get('caller')
  const id = numberIn(idText)
  await context.transaction(caller.realm, async (world) => {
    const user = reachable(caller, await users.lock(world, id))
    if (user.role === 'owner') throw forbidden('the owner cannot be deleted')
    const keys = (await apiKeys.list(world, { where: { userId: user.id } })) ?? []
    for (const key of keys) await apiKeys.remove(world, String(key.id))
    await users.remove(world, id)
  })
  return c.json({ message: 'user deleted' })
}

function existing(user: User | undefined): User {
  if (!user) throw notFound()
  return user
}

/** @throws ApiError 404 without such a user, 403 when the user stands above the caller */
function reachable(caller: Caller, user: User | undefined): User {
  const found = existing(user)
  if (!outranks(caller, found.role)) throw forbidden(`this needs the role ${found.role}`)
  return found
}

function userView({ wallet, ...user }: User): object {
  return user
}

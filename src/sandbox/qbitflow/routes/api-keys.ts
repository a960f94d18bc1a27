import { Hono } from 'hono'
import { nextNumber, type World } from '../../store.ts'
import type { Context } from '../context.ts'
import { type ApiKey, apiKeys, type User, users } from '../documents.ts'
import { forbidden, notFound } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { numberIn } from '../ids.ts'
import { type Caller, type Env, hashOf, newApiKey, outranks, requireAdmin, requireKey } from '../keys.ts'

const NAME_RULE = { max: 100 }
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i
const TIMESTAMP_RULE = { max: 40, accepts: (text: string) => TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text)) }

export function apiKeyRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.post('/', async (c) => {
    const caller = c.get('caller')
    const now = await context.clockOf(caller.realm)
    const fields = new Fields(parseObject(await c.req.text()))
    const name = fields.text('name', NAME_RULE)
    const userId = fields.optionalId('userId') ?? caller.userId
    const expiresAt = expiryIn(fields, now)
    // Either value is taken and has no effect: a key has the mode of the key that made it.
    if (fields.optionalFlag('test') === undefined && !fields.has('test'))
      fields.reject('test', 'is required', undefined)
    fields.check()
    const key = newApiKey(caller.realm)
    const made = await context.transaction(caller.realm, async (world) => {
      const { role, organizationId } = await holder(world, caller, userId)
      const id = await nextNumber(world)
      const createdAt = now.toISOString()
      const document: ApiKey = { id, name, hash: hashOf(key), role, userId, organizationId, createdAt, expiresAt }
      await apiKeys.insert(world, String(id), document)
      return document
    })
    return c.json({ data: apiKeyView(made), key }, 201)
  })

  app.get('/', async (c) => {
    const { realm, userId } = c.get('caller')
    return c.json(await keysOf(realm, userId))
  })

  app.get('/user/:id', requireAdmin, async (c) => {
    const { realm } = c.get('caller')
    const id = numberIn(c.req.param('id'))
    if (!(await users.find(context.world(realm), id))) throw notFound()
    return c.json(await keysOf(realm, Number(id)))
  })

  app.delete('/:id', async (c) => {
    const caller = c.get('caller')
    const id = numberIn(c.req.param('id'))
    await context.transaction(caller.realm, async (world) => {
      const key = await apiKeys.lock(world, id)
      if (!key || (key.userId !== caller.userId && !outranks(caller, 'admin'))) throw notFound()
      if (!outranks(caller, key.role)) throw forbidden(`this needs the role ${key.role}`)
      await apiKeys.remove(world, id)
    })
    return c.json({ message: 'API key deleted' })
  })

  async function keysOf(realm: string, userId: number): Promise<object[]> {
    const found = await apiKeys.list(context.world(realm), { where: { userId } })
    return (found ?? []).map(apiKeyView)
  }

  return app
}

/** Who a new key is for. @throws ApiError 403 unless it is the caller or somebody not above them, 404 without them */
async function holder(world: World, caller: Caller, userId: number): Promise<Pick<User, 'role' | 'organizationId'>> {
  if (userId === caller.userId) return caller
  if (!outranks(caller, 'admin')) throw forbidden('this needs the role admin or owner')
  // Locked, so that nobody is deleted while a key is made for them.
  const user = await users.lock(world, String(userId))
  if (!user) throw notFound()
  if (!outranks(caller, user.role)) throw forbidden(`this needs the role ${user.role}`)
  return user
}

function expiryIn(fields: Fields, now: Date): string | null {
  const text = fields.optionalText('expiresAt', TIMESTAMP_RULE)
  if (text === undefined) return null
  const date = new Date(text)
  return date > now ? date.toISOString() : fields.reject('expiresAt', 'must be in the future', null)
}

function apiKeyView({ hash, ...key }: ApiKey): object {
  return { ...key, test: true }
}

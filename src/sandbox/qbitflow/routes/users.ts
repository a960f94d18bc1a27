import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { type User, users } from '../documents.ts'
import { notFound } from '../errors.ts'
import { type Env, requireKey } from '../keys.ts'

export function userRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.get('/', async (c) => {
    const { realm, userId } = c.get('caller')
    const user = await users.find(context.world(realm), String(userId))
    if (!user) throw notFound()
    return c.json(userView(user))
  })

  return app
}

function userView(user: User): object {
  return { ...user, claimedAt: user.createdAt }
}

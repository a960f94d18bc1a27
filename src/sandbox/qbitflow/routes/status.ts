import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { currentStatus, readTransaction, statusQuery } from '../status.ts'

/** Public: whoever knows a transaction's id may know how it stands. */
export function statusRoutes(context: Context): Hono {
  const app = new Hono({ strict: false })

  app.get('/status', async (c) => {
    const query = statusQuery(new URL(c.req.url).searchParams)
    return c.json(currentStatus(await readTransaction(context, query)))
  })

  return app
}

import { Hono } from 'hono'
import { accountingRows } from '../accounting/rows.ts'
import { streamCsv, streamJson } from '../accounting/stream.ts'
import type { Context } from '../context.ts'
import { Fields } from '../fields.ts'
import { type Env, ownRows, requireKey } from '../keys.ts'

const DATE_RULE = { max: 10, accepts: isDate }

export function accountingRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.get('/export', async (c) => {
    const caller = c.get('caller')
    const fields = new Fields(c.req.query())
    const from = fields.text('from', DATE_RULE)
    const to = fields.text('to', DATE_RULE)
    const format = fields.oneOf('format', ['csv', 'json'])
    fields.check()
    if (from > to) fields.reject('from', 'must not be after to', undefined)
    fields.check()
    const rows = accountingRows(context, context.world(caller.realm), { from, to }, ownRows(caller))
    return format === 'csv'
      ? c.body(streamCsv(rows), 200, { 'Content-Type': 'text/csv; charset=utf-8' })
      : c.body(streamJson(rows), 200, { 'Content-Type': 'application/json' })
  })

  return app
}

/** A day that the calendar has. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

import { Hono } from 'hono'
import { type FaultInput, faultView, MAX_RULES, readFault } from '../../fault-rules.ts'
import { addFault, listFaults, removeFault, removeFaults } from '../../faults.ts'
import type { Context } from '../context.ts'
import { conflict, fieldName, invalidFields, notFound } from '../errors.ts'
import { parseObject } from '../fields.ts'
import { uuidIn } from '../ids.ts'
import { type Env, requireAdmin, requireKey } from '../keys.ts'

/** What is to go wrong at this provider, for tests of whoever calls it. */
export function faultRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context), requireAdmin)

  app.post('/', async (c) => {
    const input = faultIn(parseObject(await c.req.text()))
    const rule = await addFault(context.world(c.get('caller').realm), input)
    if (!rule) throw conflict(`at most ${MAX_RULES} faults may be armed`)
    return c.json(faultView(rule), 201)
  })

  app.get('/', async (c) => c.json((await listFaults(context.world(c.get('caller').realm))).map(faultView)))

  app.delete('/', async (c) => {
    await removeFaults(context.world(c.get('caller').realm))
    return c.json({ message: 'faults deleted' })
  })

  app.delete('/:id', async (c) => {
    const world = context.world(c.get('caller').realm)
    if (!(await removeFault(world, uuidIn(c.req.param('id'))))) throw notFound()
    return c.json({ message: 'fault deleted' })
  })

  return app
}

function faultIn(body: Record<string, unknown>): FaultInput {
  const read = readFault(body)
  if ('fault' in read) return read.fault
  throw invalidFields(
    read.problems.map(({ key, rule }) => {
      const field = fieldName(key)
      return { field, message: `${field}: ${rule}` }
    }),
  )
}

import { Hono, type Context as HttpContext } from 'hono'
import { newId } from '../../../kernel/id.ts'
import { EMAIL_RULE, withoutAbsent } from '../../fields.ts'
import type { Context } from '../context.ts'
import { type Customer, customerKey, customers } from '../documents.ts'
import { Fields, FREE_TEXT_RULE, nameRule, parseObject, REFERENCE_RULE } from '../fields.ts'
import { uuidIn } from '../ids.ts'
import { type Env, ownerOf, ownRows, requireKey, visible } from '../keys.ts'
import { pageQuery, pageView } from '../paging.ts'

export function customerRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))
  app.post('/', (c) => createCustomer(context, c))
  app.get('/all', (c) => listCustomers(context, c))
  app.get('/uuid/:uuid', (c) => findCustomer(context, c, c.req.param('uuid')))
  app.get('/email/:email', (c) => findCustomerByEmail(context, c, c.req.param('email')))
  app.put('/', (c) => updateCustomerInBody(context, c))
  app.put('/:uuid', async (c) => updateCustomer(context, c, c.req.param('uuid'), parseObject(await c.req.text())))
  app.delete('/uuid/:uuid', (c) => deleteCustomer(context, c, c.req.param('uuid')))
  return app
}

async function createCustomer(context: Context, c: HttpContext<Env>): Promise<Response> {
  const caller = c.get('caller')
  const fields = new Fields(parseObject(await c.req.text()))
  const wanted = {
    name: fields.text('name', nameRule(1)),
    lastName: fields.text('lastName', nameRule(1)),
    email: fields.text('email', EMAIL_RULE),
    phoneNumber: fields.optionalText('phoneNumber', FREE_TEXT_RULE),
    address: fields.optionalText('address', FREE_TEXT_RULE),
    reference: fields.optionalText('reference', REFERENCE_RULE),
  }
  fields.check()
  const createdAt = (await context.clockOf(caller.realm)).toISOString()
  const { organizationId } = caller
  const made: Customer = { uuid: newId(), ...wanted, createdAt, organizationId, userId: ownerOf(caller) }
  await context.transaction(caller.realm, (world) => customers.insert(world, made.uuid, made))
  return c.json(customerView(made), 201)
}

async function listCustomers(context: Context, c: HttpContext<Env>): Promise<Response> {
  const caller = c.get('caller')
  const world = context.world(caller.realm)
  const page = pageQuery(c.req.query())
  return c.json(await pageView(world, customers, page, ownRows(caller), customerView, (customer) => customer.uuid))
}

async function findCustomer(context: Context, c: HttpContext<Env>, uuid: string): Promise<Response> {
  const caller = c.get('caller')
  const found = await customers.find(context.world(caller.realm), uuidIn(uuid))
  return c.json(customerView(visible(caller, found)))
}

async function findCustomerByEmail(context: Context, c: HttpContext<Env>, email: string): Promise<Response> {
  const caller = c.get('caller')
  const key = customerKey(ownerOf(caller), email)
  return c.json(customerView(visible(caller, await customers.findBy(context.world(caller.realm), 'email', key))))
}

/** The older form names the customer in the body. */
async function updateCustomerInBody(context: Context, c: HttpContext<Env>): Promise<Response> {
  const body = parseObject(await c.req.text())
  const uuid = new Fields(body).value('uuid')
  return updateCustomer(context, c, typeof uuid === 'string' ? uuid : '', body)
}

async function updateCustomer(
  context: Context,
  c: HttpContext<Env>,
  uuidText: string,
  body: Record<string, unknown>,
): Promise<Response> {
  const caller = c.get('caller')
  const uuid = uuidIn(uuidText)
  const fields = new Fields(body)
  const patch = {
    name: fields.optionalText('name', nameRule(1)),
    lastName: fields.optionalText('lastName', nameRule(1)),
    email: fields.optionalText('email', EMAIL_RULE),
    phoneNumber: fields.optionalText('phoneNumber', FREE_TEXT_RULE),
    address: fields.optionalText('address', FREE_TEXT_RULE),
  }
  const customer = await context.transaction(caller.realm, async (world) => {
    const before = visible(caller, await customers.lock(world, uuid))
    fields.check()
    const after: Customer = { ...before, ...withoutAbsent(patch) }
    await customers.replace(world, uuid, after)
    return after
  })
  return c.json(customerView(customer))
}

async function deleteCustomer(context: Context, c: HttpContext<Env>, uuidText: string): Promise<Response> {
  const caller = c.get('caller')
  const uuid = uuidIn(uuidText)
  await context.transaction(caller.realm, async (world) => {
    visible(caller, await customers.lock(world, uuid))
    await customers.remove(world, uuid)
  })
  return c.json({ message: 'customer deleted' })
}

export function customerView(customer: Customer): object {
  return { ...customer, test: true }
}

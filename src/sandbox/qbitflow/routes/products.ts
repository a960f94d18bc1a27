import { randomBytes } from 'node:crypto'
import { Hono, type Context as HttpContext } from 'hono'
import { nextNumber } from '../../store.ts'
import type { Context } from '../context.ts'
import { type Product, products } from '../documents.ts'
import { Fields, parseObject, productTextRule, REFERENCE_RULE } from '../fields.ts'
import { numberIn } from '../ids.ts'
import { type Env, ownerOf, ownRows, requireKey, visible } from '../keys.ts'

export function productRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))
  app.post('/', (c) => createProduct(context, c))
  app.get('/', (c) => listProducts(context, c))
  app.get('/id/:id', (c) => findProduct(context, c, c.req.param('id')))
  app.get('/reference/:reference', (c) => findProductByReference(context, c, c.req.param('reference')))
  app.put('/:id', (c) => updateProduct(context, c, c.req.param('id')))
  app.delete('/:id', (c) => deleteProduct(context, c, c.req.param('id')))
  return app
}

async function createProduct(context: Context, c: HttpContext<Env>): Promise<Response> {
  const caller = c.get('caller')
  const fields = new Fields(parseObject(await c.req.text()))
  const wanted = {
    name: fields.text('name', productTextRule(100)),
    description: fields.text('description', productTextRule(500)),
    price: fields.price('price'),
    reference: fields.optionalText('reference', REFERENCE_RULE) ?? `prod-${randomBytes(8).toString('hex')}`,
  }
  fields.check()
  const createdAt = (await context.clockOf(caller.realm)).toISOString()
  const product = await context.transaction(caller.realm, async (world) => {
    const id = await nextNumber(world)
    const { organizationId } = caller
    const made: Product = { id, ...wanted, createdAt, organizationId, userId: ownerOf(caller) }
    await products.insert(world, String(id), made)
    return made
  })
  return c.json(productView(product), 201)
}

async function listProducts(context: Context, c: HttpContext<Env>): Promise<Response> {
  const caller = c.get('caller')
  const found = await products.list(context.world(caller.realm), { where: ownRows(caller) })
  return c.json((found ?? []).map(productView))
}

async function findProduct(context: Context, c: HttpContext<Env>, id: string): Promise<Response> {
  const caller = c.get('caller')
  const found = await products.find(context.world(caller.realm), numberIn(id))
  return c.json(productView(visible(caller, found)))
}

async function findProductByReference(context: Context, c: HttpContext<Env>, reference: string): Promise<Response> {
  const caller = c.get('caller')
  const found = await products.findBy(context.world(caller.realm), 'reference', reference)
  return c.json(productView(visible(caller, found)))
}

async function updateProduct(context: Context, c: HttpContext<Env>, idText: string): Promise<Response> {
  const caller = c.get('caller')
  const id = numberIn(idText)
  const fields = new Fields(parseObject(await c.req.text()))
  const patch = {
    name: fields.optionalText('name', productTextRule(100)),
    description: fields.optionalText('description', productTextRule(500)),
    price: fields.optionalPrice('price'),
  }
  const product = await context.transaction(caller.realm, async (world) => {
    const before = visible(caller, await products.lock(world, id))
    fields.check()
    const after: Product = {
      ...before,
      name: patch.name ?? before.name,
      description: patch.description ?? before.description,
      price: patch.price ?? before.price,
    }
    await products.replace(world, id, after)
    return after
  })
  return c.json(productView(product))
}

async function deleteProduct(context: Context, c: HttpContext<Env>, idText: string): Promise<Response> {
  const caller = c.get('caller')
  const id = numberIn(idText)
  await context.transaction(caller.realm, async (world) => {
    visible(caller, await products.lock(world, id))
    await products.remove(world, id)
  })
  return c.json({ message: 'product deleted' })
}

function productView(product: Product): object {
  return { ...product, price: Number(product.price), isActive: true, test: true }
}

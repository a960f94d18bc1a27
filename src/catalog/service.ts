import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { ProductRow } from '../db/rows.ts'
import type { Emit } from '../events/outbox.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import type { Registry } from '../providers/registry.ts'
import { whyUnsold } from '../routing/choose.ts'
import { transactOnce } from '../work/work.ts'
import { type Priced, pricesData, pricesOf } from './prices.ts'
import { CreateProduct, changesOf, ProductId, productObject, UpdateProduct } from './product.ts'

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
}

/** A product is kept whether or not it can be sold at present; why it cannot is told with it. */
export interface Kept extends Done {
  readonly warning?: string | undefined
}

export function productService({ db, clocks, registry }: Parts) {
  return bound({ db, clocks, registry }, { create, update, remove, restore })
}

/** @throws DomainError ALREADY_EXISTS when the owner has another product with the reference. */
async function create({ db, clocks, registry }: Parts, call: Call, input: unknown): Promise<Kept> {
  const wanted = validate(CreateProduct, input)
  const prices = pricesData(wanted)
  if (!prices) throw new Error('a product has a price')
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  const id = newId()
  const done = await unique(db, call.actor, { id, reference: wanted.reference }, () =>
    transactOnce(db, call, now, id, async (work) => {
      const product = await work.tx.product.create({
        data: {
          tenantId,
          id,
          reference: wanted.reference ?? encodeId('Product', id),
          name: wanted.name,
          description: wanted.description,
          ...prices,
          metadata: wanted.metadata ?? {},
          userId: ownerOf(call.actor),
          createdAt: now,
          updatedAt: now,
        },
      })
      emitProduct(work.emit, 'product.created', product)
    }),
  )
  return { ...done, warning: await warningOf(registry, tenantId, { ...prices, priceMinor: BigInt(prices.priceMinor) }) }
}

async function update({ db, clocks, registry }: Parts, call: Call, input: unknown): Promise<Kept> {
  const wanted = validate(UpdateProduct, input)
  const { id } = wanted
  const now = await clocks.now(call.actor)
  let after: ProductRow | undefined
  const done = await transactOnce(db, call, now, id, async (work) => {
    const before = await own(work.tx, call.actor, id)
    const changes = changesOf(before, wanted)
    after = before
    if (Object.keys(changes).length === 0) return
    after = await work.tx.product.update({ where: keyOf(before), data: { ...changes, updatedAt: now } })
    emitProduct(work.emit, 'product.updated', after)
  })
  return { ...done, warning: after && (await warningOf(registry, after.tenantId, after)) }
}

async function warningOf(registry: Registry, tenantId: string, priced: Priced): Promise<string | undefined> {
  const currencies = pricesOf(priced).map(({ currency }) => currency.code)
  const why = whyUnsold(await registry.all(tenantId), currencies)
  return why && `No connected provider can sell the product at its prices in ${currencies.join(', ')}: ${why}`
}

/** Archives: the product is left out of lists and not sold from then on; checkouts and payments of it keep it. */
async function remove({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(ProductId, input)
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    const where = keyOf(await own(work.tx, call.actor, id))
    const data = { active: false, deletedAt: now, updatedAt: now }
    emitProduct(work.emit, 'product.deleted', await work.tx.product.update({ where, data }))
  })
}

/**
 * Takes a product back out of the archive, to be sold again; one that is not in it stays as it is.
 * @throws DomainError ALREADY_EXISTS when another has its reference by now
 */
async function restore({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(ProductId, input)
  const now = await clocks.now(call.actor)
  return unique(db, call.actor, { id }, () =>
    transactOnce(db, call, now, id, async (work) => {
      const before = await found(work.tx, call.actor, id)
      if (before.deletedAt === null) return
      const where = keyOf(before)
      const data = { active: true, deletedAt: null, updatedAt: now }
      emitProduct(work.emit, 'product.restored', await work.tx.product.update({ where, data }))
    }),
  )
}

function emitProduct(
  emit: Emit,
  type: `product.${'created' | 'updated' | 'deleted' | 'restored'}`,
  product: ProductRow,
): void {
  emit({ type, entityKind: 'Product', entityId: product.id, object: productObject(product) })
}

/** A product that the actor may change, archived or not. */
async function found(tx: Transaction, actor: Actor, id: string): Promise<ProductRow> {
  const mine = ownerOf(actor)
  const where = { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
  const product = await tx.product.findFirst({ where })
  if (!product) throw notFound('Product', ['id'])
  return product
}

/**
 * The same, if it is not archived.
 * @throws DomainError INVALID_STATE
 */
async function own(tx: Transaction, actor: Actor, id: string): Promise<ProductRow> {
  const product = await found(tx, actor, id)
  if (product.deletedAt === null) return product
  throw invalidState('The product is archived: `restoreProduct` takes it back', ['id'])
}

function keyOf({ tenantId, id }: ProductRow) {
  return { tenantId_id: { tenantId, id } }
}

interface Wanted {
  readonly id: string
  readonly reference?: string | undefined
}

/** Names the product of the same owner that has the reference. */
async function unique<T>(db: Database, actor: Actor, { id, reference }: Wanted, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUniqueViolation(error, 'product_reference_key')) throw error
    const { tenantId } = actor
    const before = await db.prisma.product.findUnique({ where: { tenantId_id: { tenantId, id } } })
    const userId = before ? before.userId : ownerOf(actor)
    const where = { tenantId, userId, reference: reference ?? before?.reference ?? '', deletedAt: null }
    const other = await db.prisma.product.findFirst({ where })
    const subject = other ? `The product ${encodeId('Product', other.id)}` : 'Another product'
    throw new DomainError({ code: 'ALREADY_EXISTS', message: `${subject} has this reference`, field: ['reference'] })
  }
}

import type { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { CreateProduct, ProductId, productObject, UpdateProduct } from './product.ts'

export function productService({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /** @throws DomainError ALREADY_EXISTS when the owner has another product with the reference. */
    async create(call: Call, input: unknown): Promise<Done> {
      const wanted = validate(CreateProduct, input)
      const { tenantId } = call.actor
      const now = await clocks.now(call.actor)
      const id = newId()
      return unique(() =>
        transactOnce(db, call, now, id, async (work) => {
          const product = await work.tx.product.create({
            data: {
              tenantId,
              id,
              reference: wanted.reference ?? encodeId('Product', id),
              name: wanted.name,
              description: wanted.description,
              priceMinor: wanted.price.minor.toString(),
              currency: wanted.price.currency.code,
              metadata: wanted.metadata ?? {},
              userId: ownerOf(call.actor),
              createdAt: now,
              updatedAt: now,
            },
          })
          work.emit({ type: 'product.created', entityKind: 'Product', entityId: id, object: productObject(product) })
        }),
      )
    },

    async update(call: Call, input: unknown): Promise<Done> {
      const { id, ...wanted } = validate(UpdateProduct, input)
      const now = await clocks.now(call.actor)
      return transactOnce(db, call, now, id, async (work) => {
        const where = await own(work.tx, call.actor, id)
        const product = await work.tx.product.update({ where, data: { ...changes(wanted), updatedAt: now } })
        work.emit({ type: 'product.updated', entityKind: 'Product', entityId: id, object: productObject(product) })
      })
    },

    /** The product is hidden from then on; checkouts and payments of it keep it. */
    async remove(call: Call, input: unknown): Promise<Done> {
      const { id } = validate(ProductId, input)
      const now = await clocks.now(call.actor)
      return transactOnce(db, call, now, id, async (work) => {
        const where = await own(work.tx, call.actor, id)
        const product = await work.tx.product.update({ where, data: { active: false, deletedAt: now, updatedAt: now } })
        work.emit({ type: 'product.deleted', entityKind: 'Product', entityId: id, object: productObject(product) })
      })
    },
  }
}

/** The key of a product that the actor may change. */
async function own(tx: Transaction, actor: Actor, id: string) {
  const mine = ownerOf(actor)
  const found = await tx.product.findFirst({
    where: { tenantId: actor.tenantId, id, deletedAt: null, ...(mine !== null && { userId: mine }) },
    select: { id: true },
  })
  if (!found) throw notFound('Product', ['id'])
  return { tenantId_id: { tenantId: actor.tenantId, id } }
}

function changes({ price, ...rest }: Omit<z.output<typeof UpdateProduct>, 'id'>) {
  return { ...rest, ...(price && { priceMinor: price.minor.toString(), currency: price.currency.code }) }
}

async function unique<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUniqueViolation(error, 'product_reference_key')) throw error
    throw new DomainError({
      code: 'ALREADY_EXISTS',
      message: 'Another product has this reference',
      field: ['reference'],
    })
  }
}

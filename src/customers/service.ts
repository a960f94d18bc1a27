import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { CustomerRow } from '../db/rows.ts'
import type { Emit } from '../events/outbox.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { emailKey } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import { transactOnce, type Work } from '../work/work.ts'
import { CreateCustomer, CustomerId, customerObject, UpdateCustomer } from './customer.ts'

export function customerService({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /** @throws DomainError ALREADY_EXISTS when the owner has another customer with the reference or e-mail address. */
    async create(call: Call, input: unknown): Promise<Done> {
      const { address, metadata, ...wanted } = validate(CreateCustomer, input)
      const { tenantId } = call.actor
      const now = await clocks.now(call.actor)
      const id = newId()
      return unique(() =>
        transactOnce(db, call, now, id, async (work) => {
          const customer = await work.tx.customer.create({
            data: {
              tenantId,
              id,
              ...wanted,
              ...(address && { address }),
              metadata: metadata ?? {},
              userId: ownerOf(call.actor),
              createdAt: now,
              updatedAt: now,
            },
          })
          emitCustomer(work.emit, 'customer.created', customer)
        }),
      )
    },

    async update(call: Call, input: unknown): Promise<Done> {
      const { id, ...wanted } = validate(UpdateCustomer, input)
      const now = await clocks.now(call.actor)
      return unique(() =>
        transactOnce(db, call, now, id, async (work) => {
          const where = await own(work.tx, call.actor, id)
          emitCustomer(
            work.emit,
            'customer.updated',
            await work.tx.customer.update({ where, data: { ...wanted, updatedAt: now } }),
          )
        }),
      )
    },

    /** The customer is hidden from then on; their payments keep them. */
    async remove(call: Call, input: unknown): Promise<Done> {
      const { id } = validate(CustomerId, input)
      const now = await clocks.now(call.actor)
      return transactOnce(db, call, now, id, async (work) => {
        const where = await own(work.tx, call.actor, id)
        emitCustomer(
          work.emit,
          'customer.deleted',
          await work.tx.customer.update({ where, data: { deletedAt: now, updatedAt: now } }),
        )
      })
    },
  }
}

/** Whose a customer is: a seller's, or the organization's own. */
interface Owner {
  readonly tenantId: string
  readonly userId: string | null
}

/** The customer whom a hosted page asked for: found by e-mail among those of the owner, or made. */
export async function customerFromPage(work: Work, owner: Owner, found: FoundCustomer, at: Date): Promise<string> {
  const { tenantId, userId } = owner
  const known = await findByEmail(work.tx, owner, found.email)
  if (known) return known
  const { name, lastName, email, phone } = found
  const data = { tenantId, id: newId(), name, lastName, email, phone, userId, createdAt: at, updatedAt: at }
  const [made] = await work.tx.customer.createManyAndReturn({ data: [data], skipDuplicates: true })
  if (made) {
    emitCustomer(work.emit, 'customer.created', made)
    return made.id
  }
  // Another checkout that they pay at the same moment was first.
  const first = await findByEmail(work.tx, owner, found.email)
  if (!first) throw new Error('the customer could be neither created nor found')
  return first
}

async function findByEmail(tx: Transaction, owner: Owner, email: string | undefined): Promise<string | undefined> {
  if (email === undefined) return undefined
  const { tenantId, userId } = owner
  const [known] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM customer WHERE tenant_id = ${tenantId}::uuid AND lower(email COLLATE "C") = ${emailKey(email)}
      AND user_id IS NOT DISTINCT FROM ${userId}::uuid AND deleted_at IS NULL`
  return known?.id
}

function emitCustomer(
  emit: Emit,
  type: 'customer.created' | 'customer.updated' | 'customer.deleted',
  customer: CustomerRow,
): void {
  emit({ type, entityKind: 'Customer', entityId: customer.id, object: customerObject(customer) })
}

/** The key of a customer that the actor may change. */
async function own(tx: Transaction, actor: Actor, id: string) {
  const mine = ownerOf(actor)
  const found = await tx.customer.findFirst({
    where: { tenantId: actor.tenantId, id, deletedAt: null, ...(mine !== null && { userId: mine }) },
    select: { id: true },
  })
  if (!found) throw notFound('Customer', ['id'])
  return { tenantId_id: { tenantId: actor.tenantId, id } }
}

async function unique<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    for (const field of ['reference', 'email']) {
      if (isUniqueViolation(error, `customer_${field}_key`)) {
        const message = `Another customer has this ${field}`
        throw new DomainError({ code: 'ALREADY_EXISTS', message, field: [field] })
      }
    }
    throw error
  }
}

import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { Prisma } from '../db/generated/client.ts'
import type { CustomerRow } from '../db/rows.ts'
import type { Emit } from '../events/outbox.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { holderOf } from './addresses.ts'
import { CreateCustomer, CustomerId, changesOf, customerObject, MergeCustomers, UpdateCustomer } from './customer.ts'
import { merge } from './merging.ts'

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
}

export function customerService({ db, clocks }: Parts) {
  return bound({ db, clocks }, { create, update, remove, restore, merge: mergeOnce })
}

/** @throws DomainError ALREADY_EXISTS when the owner has another customer with the reference or e-mail address. */
async function create({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { address, metadata, name, ...wanted } = validate(CreateCustomer, input)
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  const id = newId()
  return unique(db, call.actor, { id, ...wanted }, () =>
    transactOnce(db, call, now, id, async (work) => {
      const customer = await work.tx.customer.create({
        data: {
          tenantId,
          id,
          name: name ?? '',
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
}

/**
 * Changes what is given, and takes out what is given as null. Nothing is announced where nothing is different after it.
 * @throws DomainError ALREADY_EXISTS when the owner has another customer with the reference or e-mail address.
 */
async function update({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { id, ...wanted } = validate(UpdateCustomer, input)
  const now = await clocks.now(call.actor)
  return unique(db, call.actor, { id, ...wanted }, () =>
    transactOnce(db, call, now, id, async (work) => {
      await work.lock('customer', id)
      const before = await own(work.tx, call.actor, id)
      const { address, metadata, ...changes } = changesOf(before, wanted)
      const json = {
        ...(address !== undefined && { address: address ?? Prisma.DbNull }),
        ...(metadata && { metadata }),
      }
      if (Object.keys({ ...changes, ...json }).length === 0) return
      const where = keyOf(before)
      const data = { ...changes, ...json, updatedAt: now }
      emitCustomer(work.emit, 'customer.updated', await work.tx.customer.update({ where, data }))
    }),
  )
}

/** Archives: the customer is left out of lists from then on, and what they have keeps them. */
async function remove({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(CustomerId, input)
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    const where = keyOf(await own(work.tx, call.actor, id))
    const data = { deletedAt: now, updatedAt: now }
    emitCustomer(work.emit, 'customer.deleted', await work.tx.customer.update({ where, data }))
  })
}

/**
 * Takes a customer back out of the archive; one who is not in it stays as they are.
 * @throws DomainError INVALID_STATE for one who was merged, ALREADY_EXISTS when another has the reference or e-mail address
 */
async function restore({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(CustomerId, input)
  const now = await clocks.now(call.actor)
  return unique(db, call.actor, { id }, () =>
    transactOnce(db, call, now, id, async (work) => {
      const before = await found(work.tx, call.actor, id, 'id')
      refuseMerged(before)
      if (before.deletedAt === null) return
      const where = keyOf(before)
      const data = { deletedAt: null, updatedAt: now }
      emitCustomer(work.emit, 'customer.restored', await work.tx.customer.update({ where, data }))
    }),
  )
}

/**
 * Gives the one customer what the other had, and archives the other. Answers the one who has it all.
 * @throws DomainError INVALID_STATE when they are of different sellers, or were merged or archived before
 */
async function mergeOnce({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { fromId, intoId } = validate(MergeCustomers, input)
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, intoId, async (work) => {
    await found(work.tx, call.actor, fromId, 'fromId')
    await found(work.tx, call.actor, intoId, 'intoId')
    const merged = await merge(work, fromId, intoId)
    if (!merged) return
    emitCustomer(work.emit, 'customer.merged', merged.from)
    emitCustomer(work.emit, 'customer.updated', merged.into)
  })
}

export function emitCustomer(
  emit: Emit,
  type: `customer.${'created' | 'updated' | 'deleted' | 'restored' | 'merged'}`,
  customer: CustomerRow,
): void {
  emit({ type, entityKind: 'Customer', entityId: customer.id, object: customerObject(customer) })
}

/** A customer whom the actor may change, archived or not. */
async function found(tx: Transaction, actor: Actor, id: string, field: string): Promise<CustomerRow> {
  const mine = ownerOf(actor)
  const where = { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
  const customer = await tx.customer.findFirst({ where })
  if (!customer) throw notFound('Customer', [field])
  return customer
}

/**
 * The same, if they are not archived.
 * @throws DomainError INVALID_STATE
 */
async function own(tx: Transaction, actor: Actor, id: string): Promise<CustomerRow> {
  const customer = await found(tx, actor, id, 'id')
  refuseMerged(customer)
  if (customer.deletedAt === null) return customer
  throw invalidState('The customer is archived: `restoreCustomer` takes them back', ['id'])
}

function refuseMerged({ mergedIntoId }: CustomerRow): void {
  if (mergedIntoId === null) return
  throw invalidState(`The customer was merged into ${encodeId('Customer', mergedIntoId)}`, ['id'])
}

function keyOf({ tenantId, id }: CustomerRow) {
  return { tenantId_id: { tenantId, id } }
}

interface Wanted {
  readonly id: string
  readonly reference?: string | null | undefined
  readonly email?: string | null | undefined
}

/** Names the customer of the same owner who has what this one was to have. */
async function unique<T>(db: Database, actor: Actor, wanted: Wanted, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const field = (['reference', 'email'] as const).find((each) => isUniqueViolation(error, `customer_${each}_key`))
    if (!field) throw error
    const other = await otherWith(db, actor, wanted, field)
    const subject = other === undefined ? 'Another customer' : `The customer ${encodeId('Customer', other)}`
    const message = `${subject} has this ${field === 'email' ? 'e-mail address' : field}`
    throw new DomainError({ code: 'ALREADY_EXISTS', message, field: [field] })
  }
}

async function otherWith(
  db: Database,
  { tenantId, ...actor }: Actor,
  { id, ...wanted }: Wanted,
  field: 'reference' | 'email',
) {
  const before = await db.prisma.customer.findUnique({ where: { tenantId_id: { tenantId, id } } })
  const value = wanted[field] ?? before?.[field] ?? undefined
  const userId = before ? before.userId : ownerOf({ tenantId, ...actor })
  if (value === undefined) return undefined
  if (field === 'email') return (await holderOf(db.prisma, { tenantId, userId }, value))?.id
  const other = await db.prisma.customer.findFirst({ where: { tenantId, userId, reference: value, deletedAt: null } })
  return other?.id
}

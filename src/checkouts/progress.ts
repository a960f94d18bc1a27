import { customerFromPage } from '../customers/service.ts'
import type { Database, Transaction } from '../db/database.ts'
import type { CheckoutStatus, TransactionState } from '../db/generated/enums.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import { type Change, type Emit, transact } from '../events/outbox.ts'
import type { Clocks } from '../kernel/clock.ts'
import { isSettled } from '../payments/payment.ts'
import { movePayment, settlePayment } from '../payments/settlement.ts'
import type { FoundCustomer, ProviderPayment, ProviderStatus } from '../providers/port.ts'
import type { Registry } from '../providers/registry.ts'
import { checkoutObject, isOver, mayBecome } from './checkout.ts'

/** How a checkout moves on when its provider has news, from wherever the news came. */

const RECHECK_MS = 10_000

const AFTER: Readonly<Partial<Record<TransactionState, CheckoutStatus>>> = {
  CREATED: 'PROCESSING',
  WAITING_CONFIRMATION: 'PROCESSING',
  PENDING: 'PROCESSING',
  FAILED: 'FAILED',
  UNDERPAID: 'FAILED',
  CANCELLED: 'CANCELLED',
  EXPIRED: 'EXPIRED',
}

const ANNOUNCED: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  COMPLETED: 'checkout.completed',
  FAILED: 'checkout.failed',
  CANCELLED: 'checkout.cancelled',
  EXPIRED: 'checkout.expired',
}

export type CheckoutProgress = ReturnType<typeof checkoutProgress>

export function checkoutProgress({ db, clocks, registry }: { db: Database; clocks: Clocks; registry: Registry }) {
  /** Applies what the provider says of a checkout. Repeats and old news change nothing. */
  async function observe(checkout: CheckoutRow, seen: ProviderStatus): Promise<void> {
    const paid = isSettled(seen.state) ? await factsOf(checkout) : undefined
    const change = { tenantId: checkout.tenantId, at: await clocks.now(checkout.tenantId) }
    await transact(db, change, async (tx, emit) => {
      const paying = await lock(tx, checkout)
      if (paid) await settle(tx, change, emit, paying, paid)
      else await move(tx, change, emit, paying, seen)
    })
  }

  async function factsOf(checkout: CheckoutRow): Promise<ProviderPayment> {
    const { status } = await registry.connected(checkout.tenantId, checkout.provider)
    if (!status || checkout.externalId === null) throw new Error(`checkout ${checkout.id} was never opened`)
    return status.payment(checkout.externalId)
  }

  return {
    observe,

    /** Asks the provider where a checkout stands, and applies it. Undefined when nobody has begun to pay there. */
    async refresh(checkout: CheckoutRow): Promise<ProviderStatus | undefined> {
      const { status } = await registry.connected(checkout.tenantId, checkout.provider)
      if (!status || checkout.externalId === null) return undefined
      const seen = await status.lookup(checkout.externalId)
      if (seen) await observe(checkout, seen)
      return seen
    },
  }
}

type Locked = Awaited<ReturnType<typeof lock>>

/** Everything that happens to a checkout happens under its row's lock, one thing after the other. */
async function lock(tx: Transaction, { tenantId, id }: CheckoutRow) {
  await tx.$queryRaw`SELECT 1 FROM checkout WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
  const checkout = await tx.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  const payment = await tx.payment.findUnique({ where: { tenantId_checkoutId: { tenantId, checkoutId: id } } })
  return { checkout, payment }
}

async function settle(tx: Transaction, change: Change, emit: Emit, paying: Locked, paid: ProviderPayment) {
  const customerId =
    paying.checkout.customerId ?? (await customerOf(tx, emit, paying.checkout, paid.customer, change.at))
  if (!(await settlePayment(tx, change, emit, { ...paying, customerId }, paid))) return
  await become(tx, change, emit, paying.checkout, 'COMPLETED', { customerId, nextCheckAt: null })
}

async function move(tx: Transaction, change: Change, emit: Emit, paying: Locked, seen: ProviderStatus) {
  const status = AFTER[seen.state]
  if (!status) throw new Error(`a checkout cannot follow the state ${seen.state}`)
  // Nobody had begun to pay a link that expired or was left: there is a checkout that ended, and no payment.
  const never = paying.payment === null && (status === 'EXPIRED' || status === 'CANCELLED')
  if (!never && !(await movePayment(tx, change, emit, paying, seen))) return
  const nextCheckAt = status === 'PROCESSING' ? new Date(change.at.getTime() + RECHECK_MS) : null
  await become(tx, change, emit, paying.checkout, status, { nextCheckAt, checks: 0 }, never ? seen.state : undefined)
}

async function become(
  tx: Transaction,
  change: Change,
  emit: Emit,
  { tenantId, id, status: before }: CheckoutRow,
  status: CheckoutStatus,
  data: { customerId?: string | null; nextCheckAt: Date | null; checks?: number },
  endedAs?: TransactionState,
): Promise<void> {
  const where = { tenantId_id: { tenantId, id } }
  if (!mayBecome(before, status)) {
    // A payment that was begun on a checkout which is over is still asked about until its end is known.
    const { nextCheckAt, checks } = data
    if (isOver(before))
      await tx.checkout.update({ where, data: { nextCheckAt, ...(checks !== undefined && { checks }) } })
    return
  }
  const checkout = await tx.checkout.update({ where, data: { ...data, status, updatedAt: change.at } })
  const type = ANNOUNCED[status]
  if (!type) return
  emit({
    type,
    entityKind: 'Checkout',
    entityId: id,
    topicId: id,
    object: checkoutObject(checkout),
    ...(endedAs && { status: { type: 'PAYMENT', state: endedAs, final: true } }),
  })
}

async function customerOf(
  tx: Transaction,
  emit: Emit,
  checkout: CheckoutRow,
  found: FoundCustomer | undefined,
  at: Date,
): Promise<string | null> {
  if (!found) return null
  const { tenantId, provider } = checkout
  const link = await tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  const linked = link && (await tx.customer.findFirst({ where: { tenantId, id: link.entityId, deletedAt: null } }))
  return linked?.id ?? customerFromPage(tx, emit, checkout, found, at)
}

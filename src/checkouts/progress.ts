import { customerFromPage } from '../customers/service.ts'
import type { Database, Transaction } from '../db/database.ts'
import type { CheckoutStatus, TransactionState } from '../db/generated/enums.ts'
import { lockRow } from '../db/lock.ts'
import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Clocks } from '../kernel/clock.ts'
import { bringsMoney, isFinal, isSettled, isShort } from '../payments/payment.ts'
import { type Paying, saleOf } from '../payments/sale.ts'
import { movePayment, settlePayment } from '../payments/settlement.ts'
import type { FoundCustomer, ProviderPayment, ProviderStatus } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { transact, type Work } from '../work/work.ts'
import { checkoutObject, isAbandoned, isOver, mayBecome, recurs, statusAfter } from './checkout.ts'
import { completeStart, moveStart } from './start.ts'

/** How a checkout moves on when its provider has news, from wherever the news came. */

const RECHECK_MS = 10_000

const ANNOUNCED: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  COMPLETED: 'checkout.completed',
  FAILED: 'checkout.failed',
  CANCELLED: 'checkout.cancelled',
  EXPIRED: 'checkout.expired',
}

export type CheckoutProgress = ReturnType<typeof checkoutProgress>

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly subscriptions: SubscriptionProgress
}

export function checkoutProgress({ db, clocks, registry, subscriptions }: Deps) {
  /** Applies what the provider says of a checkout. Repeats and old news change nothing. */
  async function observe(checkout: CheckoutRow, seen: ProviderStatus): Promise<void> {
    const apply = await applierOf(checkout, seen)
    const change = { tenantId: checkout.tenantId, at: await clocks.now(checkout.tenantId) }
    await transact(db, change, async (work) => apply(work, await lock(work.tx, checkout)))
  }

  /** What the news comes to. Everything that has to be asked is asked before the row is locked. */
  async function applierOf(checkout: CheckoutRow, seen: ProviderStatus): Promise<Apply> {
    const settled = isSettled(seen.state)
    if (recurs(checkout)) return settled ? started(checkout, seen) : notStarted(checkout, seen)
    const paid = bringsMoney(seen.state) ? await paidFor(checkout) : undefined
    if (paid) return (work, paying) => settle(work, paying, paid, seen)
    if (settled) throw new Error(`${checkout.provider} shows no payment for checkout ${checkout.id}, which is paid`)
    const customer = await whoFailed(checkout, seen)
    return (work, paying) => move(work, paying, seen, customer)
  }

  /** Who tried to pay: the page had asked for them before the payment came to nothing. */
  async function whoFailed(checkout: CheckoutRow, { state }: ProviderStatus): Promise<FoundCustomer | undefined> {
    if (checkout.customerId !== null || checkout.externalId === null || !isFinal(state)) return undefined
    const { status } = await registry.connected(checkout.tenantId, checkout.provider)
    return status?.customer(checkout.externalId, checkout.kind)
  }

  async function notStarted(named: CheckoutRow, seen: ProviderStatus): Promise<Apply> {
    const customer = await whoFailed(named, seen)
    return async (work, { checkout }) => {
      const customerId = checkout.customerId ?? (await customerOf(work, checkout, customer, work.at))
      await moveStart(work, checkout, seen, customerId)
    }
  }

  async function started(named: CheckoutRow, seen: ProviderStatus): Promise<Apply> {
    const found = await subscriptions.read(named)
    const customer = named.customerId === null ? await subscriptions.customer(named) : undefined
    return async (work, { checkout }) => {
      const customerId = checkout.customerId ?? (await customerOf(work, checkout, customer, work.at))
      await completeStart(work, checkout, customerId, { found, seen })
    }
  }

  async function paidFor(checkout: CheckoutRow): Promise<ProviderPayment | undefined> {
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
      const seen = await status.lookup(checkout.externalId, checkout.kind)
      if (seen) await observe(checkout, seen)
      return seen
    },
  }
}

type Apply = (work: Work, locked: Locked) => Promise<void>

type Locked = Awaited<ReturnType<typeof lock>>

/** Everything that happens to a checkout happens under its row's lock, one thing after the other. */
async function lock(tx: Transaction, { tenantId, id }: CheckoutRow) {
  await lockRow(tx, 'checkout', tenantId, id)
  const checkout = await tx.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  const payment = await tx.payment.findUnique({ where: { tenantId_checkoutId: { tenantId, checkoutId: id } } })
  return { checkout, payment: payment ?? (await unclaimed(tx, checkout)) }
}

/** Its money may have come before we knew what the provider calls the checkout. */
async function unclaimed(tx: Transaction, { tenantId, provider, externalId }: CheckoutRow): Promise<PaymentRow | null> {
  if (externalId === null) return null
  return tx.payment.findFirst({ where: { tenantId, provider, externalId, checkoutId: null, billingId: null } })
}

async function settle(work: Work, { checkout, payment }: Locked, paid: ProviderPayment, seen: ProviderStatus) {
  const customerId = checkout.customerId ?? (await customerOf(work, checkout, paid.customer, work.at))
  const asked = saleOf(checkout)
  const over = asked.over || paid.at > checkout.expiresAt
  const paying: Paying = { sale: { ...asked, customerId, over }, payment }
  const short = isShort(seen.state)
  const settled = await settlePayment(work, paying, paid, seen)
  if (!settled) return
  // The rest may come as long as the page can be paid.
  const nextCheckAt = short && work.at < checkout.expiresAt ? new Date(work.at.getTime() + RECHECK_MS) : null
  const reason = seen.message !== undefined && { reason: seen.message }
  const data = { customerId, nextCheckAt, checks: 0, ...(short ? reason : { reason: null }) }
  const where = { tenantId_id: { tenantId: checkout.tenantId, id: checkout.id } }
  // What came too late leaves the checkout's end as it is.
  if (settled.status === 'PAID_LATE' && isOver(checkout.status)) {
    await work.tx.checkout.update({ where, data: { customerId, nextCheckAt: null } })
  } else await become(work, checkout, ENDS[settled.status] ?? 'COMPLETED', data)
}

/** What a checkout comes to by the money that came in for it. */
const ENDS: Readonly<Partial<Record<TransactionState, CheckoutStatus>>> = { UNDERPAID: 'FAILED', PAID_LATE: 'EXPIRED' }

async function move(work: Work, paying: Locked, seen: ProviderStatus, customer: FoundCustomer | undefined) {
  const status = statusAfter(seen.state)
  // Nobody had begun to pay a link that expired or was left: there is a checkout that ended, and no payment.
  const never = paying.payment === null && isAbandoned(status)
  const customerId =
    paying.checkout.customerId ?? (never ? null : await customerOf(work, paying.checkout, customer, work.at))
  const sale = { ...saleOf(paying.checkout), customerId }
  if (!never && !(await movePayment(work, { sale, payment: paying.payment }, seen))) return
  const nextCheckAt = status === 'PROCESSING' ? new Date(work.at.getTime() + RECHECK_MS) : null
  const reason = isOver(status) && seen.message !== undefined ? { reason: seen.message } : {}
  const data = { customerId, nextCheckAt, checks: 0, ...reason }
  await become(work, paying.checkout, status, data, never ? seen.state : undefined)
}

async function become(
  work: Work,
  { tenantId, id, status: before }: CheckoutRow,
  status: CheckoutStatus,
  data: { customerId: string | null; nextCheckAt: Date | null; checks: number; reason?: string | null },
  endedAs?: TransactionState,
): Promise<void> {
  const where = { tenantId_id: { tenantId, id } }
  if (!mayBecome(before, status)) {
    // A payment that was begun on a checkout which is over is still asked about until its end is known.
    const { customerId, nextCheckAt, checks } = data
    if (isOver(before)) await work.tx.checkout.update({ where, data: { customerId, nextCheckAt, checks } })
    return
  }
  const checkout = await work.tx.checkout.update({ where, data: { ...data, status, updatedAt: work.at } })
  const type = ANNOUNCED[status]
  if (!type) return
  work.emit({
    type,
    entityKind: 'Checkout',
    entityId: id,
    topicId: id,
    object: checkoutObject(checkout),
    ...(endedAs && { status: { type: 'PAYMENT', state: endedAs, final: true } }),
  })
}

async function customerOf(
  work: Work,
  checkout: CheckoutRow,
  found: FoundCustomer | undefined,
  at: Date,
): Promise<string | null> {
  if (!found) return null
  const { tenantId, provider, userId } = checkout
  const link = await work.tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  const linked =
    link && (await work.tx.customer.findFirst({ where: { tenantId, id: link.entityId, userId, deletedAt: null } }))
  return linked?.id ?? customerFromPage(work, checkout, found, at)
}

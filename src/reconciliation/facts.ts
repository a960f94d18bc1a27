import type { CheckoutProgress, Known } from '../checkouts/progress.ts'
import { checkoutNamed } from '../checkouts/sessions.ts'
import type { Database } from '../db/database.ts'
import type { Clocks } from '../kernel/clock.ts'
import { applyFee } from '../payments/fee.ts'
import { bringsMoney, hasMoney, isAbandoned } from '../payments/payment.ts'
import { applyUnclaimed, mayBeExpected } from '../payments/unclaimed.ts'
import type {
  CheckoutFact,
  Fact,
  FeeFact,
  Hint,
  PaymentHint,
  ProviderPayment,
  Reference,
  RefundFact,
  SubscriptionFact,
} from '../providers/port/facts.ts'
import type { Account, Registry } from '../providers/registry.ts'
import type { RefundProgress } from '../refunds/progress.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { transact } from '../work/work.ts'
import { readRefund } from './refund-list.ts'

/**
 * Whatever a provider tells of itself comes by here: the fact finds what it is about, and ends at the apply of that
 * noun. What is only a hint is read from the provider first, whose answer is the fact.
 */

export interface FactParts {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly checkouts: CheckoutProgress
  readonly subscriptions: SubscriptionProgress
  readonly refunds: RefundProgress
}

/** The account that tells a fact, and what was read of it already. */
export interface Teller extends Account, Known {}

/** False where it is about nothing that is known here, which it may be later. */
export async function applyFact(parts: FactParts, account: Teller, fact: Fact): Promise<boolean> {
  switch (fact.noun) {
    case 'CHECKOUT':
      return ofCheckout(parts, account, fact)
    case 'SUBSCRIPTION':
      return ofSubscription(parts, account, fact)
    case 'PAYMENT':
      return ofPayment(parts, account, fact)
    case 'REFUND':
      return ofRefund(parts, account, fact)
    case 'FEE':
      return ofFee(parts, account, fact)
  }
}

/** What the provider calls the thing that a fact is about. */
export function referenceOf(fact: Fact): Reference {
  if (!fact.proof) return fact.reference
  if (fact.noun === 'REFUND') return fact.refund.reference
  if (fact.noun === 'FEE') return fact.payment
  return fact.noun === 'CHECKOUT' ? fact.checkout : fact.subscription
}

async function ofCheckout(parts: FactParts, account: Teller, fact: CheckoutFact | Hint): Promise<boolean> {
  const { db, checkouts } = parts
  const reference = referenceOf(fact)
  const checkout = await checkoutNamed(db, account, reference)
  if (checkout) {
    await (fact.proof ? checkouts.hear(checkout, fact, account) : checkouts.refresh(checkout, account))
    return true
  }
  // The page of an opening whose answer was lost ends one day as it began: nobody ever had its link.
  const { status } = fact
  if (status && isAbandoned(status.state)) return true
  // One that we do not know yet may be one whose opening is still to be recorded.
  if (status && !bringsMoney(status.state)) return false
  const hint = { noun: 'PAYMENT', proof: false, reference, source: 'ONE_TIME' } as const
  return ofNothing(parts, account, hint, fact.proof ? fact.received : undefined)
}

async function ofSubscription(parts: FactParts, account: Teller, fact: SubscriptionFact | Hint): Promise<boolean> {
  const { db, subscriptions } = parts
  const reference = referenceOf(fact)
  const subscription = await db.prisma.subscription.findUnique({ where: named(account, reference) })
  if (subscription) {
    await (fact.proof ? subscriptions.apply(subscription, fact) : subscriptions.refresh(subscription))
    return true
  }
  // What we know only as a checkout yet has its subscription once that is read.
  return fact.proof ? false : ofCheckout(parts, account, { noun: 'CHECKOUT', proof: false, reference })
}

async function ofPayment(parts: FactParts, account: Teller, hint: PaymentHint): Promise<boolean> {
  const { db, checkouts, subscriptions } = parts
  const { subscription: billed } = hint
  const subscription =
    billed !== undefined && (await db.prisma.subscription.findUnique({ where: named(account, billed) }))
  if (subscription) {
    await subscriptions.refresh(subscription)
    return true
  }
  const checkout = await checkoutNamed(db, account, billed ?? hint.checkout ?? hint.reference)
  if (!checkout) return ofNothing(parts, account, hint)
  await checkouts.refresh(checkout, account)
  return true
}

/** Nothing of ours is called so. Money that came in for it is booked as what nobody asked for. */
async function ofNothing(parts: FactParts, account: Account, hint: PaymentHint, told?: ProviderPayment) {
  const { db, clocks } = parts
  const { tenantId, provider } = account
  if (await mayBeExpected(db, account)) return false
  const paid = told ?? (await readPayment(parts, account, hint))
  if (!paid) return false
  const change = { tenantId, at: await clocks.now(tenantId) }
  await transact(db, change, (work) => applyUnclaimed(work, provider, hint.source, paid))
  return true
}

async function readPayment({ registry }: FactParts, { tenantId, provider }: Account, hint: PaymentHint) {
  const { status, subscriptions } = await registry.connected(tenantId, provider)
  if (hint.subscription === undefined) return status?.payment(hint.checkout ?? hint.reference)
  const bills = (await subscriptions?.billings(hint.subscription)) ?? []
  return bills.find(({ reference }) => reference === hint.reference)
}

async function ofRefund(parts: FactParts, account: Account, fact: RefundFact | Hint): Promise<boolean> {
  const { db, registry, refunds } = parts
  if (!fact.proof) return readRefund({ db, registry, progress: refunds }, account, fact.reference)
  const payment = await db.prisma.payment.findUnique({ where: named(account, fact.refund.payment) })
  if (!payment) return false
  await refunds.apply(payment, fact)
  return true
}

async function ofFee({ db, clocks }: FactParts, account: Account, fact: FeeFact): Promise<boolean> {
  const payment = await db.prisma.payment.findUnique({ where: named(account, fact.payment) })
  if (!payment || !hasMoney(payment)) return false
  const change = { tenantId: account.tenantId, at: await clocks.now(account.tenantId) }
  await transact(db, change, (work) => applyFee(work, payment, fact.fee))
  return true
}

function named({ tenantId, provider }: Account, externalId: Reference) {
  return { tenantId_provider_externalId: { tenantId, provider, externalId } }
}

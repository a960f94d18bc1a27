import type { Currency } from '../kernel/currency.ts'
import type { Money } from '../kernel/money.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import {
  type AccountSpec,
  customersOf,
  feesOf,
  networkFeesOf,
  organizationFeesOf,
  organizationOf,
  sellerOf,
  sellerPayoutsOf,
  suspenseOf,
  worldOf,
} from './account.ts'
import { type Posting, posting } from './posting.ts'

/** Every way money moves, in the words of an accountant. Services post recipes and nothing else. */

export interface SettledPayment {
  readonly paymentId: string
  /** The further arrival that is booked; the payment's first when absent. */
  readonly movementId?: string
  readonly provider: ProviderName
  /** What the customer paid, in the currency of the price. */
  readonly gross: Money
  /** What the provider kept of it. */
  readonly providerFee: bigint
  /** What the organization keeps of a seller's payment; nothing for a payment of its own. */
  readonly organizationFee: bigint
  /** The seller who is owed the rest; the organization itself when absent. */
  readonly sellerId: string | null
  /** What goes to the suspense account of the rest; below zero what is released from it. Nothing when absent. */
  readonly toSuspense?: bigint
}

/**
 * The customer's money has come in: the provider keeps its fee, the organization its share, the rest is the seller's, but
 * for what has to wait on the suspense account.
 */
export function paymentSettled(payment: SettledPayment): Posting {
  return received('paymentSettled', payment)
}

/** Money has come in that does not complete what it was paid for: all that the fees leave of it waits in suspense. */
export function paymentSuspended(payment: SettledPayment): Posting {
  const { gross, providerFee, organizationFee } = payment
  return received('paymentSuspended', { ...payment, toSuspense: gross.minor - providerFee - organizationFee })
}

function received(recipe: string, payment: SettledPayment): Posting {
  const { paymentId, movementId, provider, gross, providerFee, organizationFee, sellerId, toSuspense = 0n } = payment
  const { currency } = gross
  const rest = gross.minor - providerFee - organizationFee
  if (rest < 0n) throw new Error(`the fees of payment ${paymentId} exceed it`)
  if (sellerId === null && organizationFee !== 0n) throw new Error('an organization fee needs a seller')
  const cause = movementId
    ? { kind: 'PaymentMovement' as const, id: movementId }
    : { kind: 'Payment' as const, id: paymentId }
  return posting(recipe, cause, [
    { account: customersOf(provider, currency), amount: -gross.minor },
    { account: feesOf(provider, currency), amount: providerFee },
    { account: organizationFeesOf(provider, currency), amount: organizationFee },
    { account: suspenseOf(provider, currency), amount: toSuspense },
    { account: merchantOf(provider, sellerId, currency), amount: rest - toSuspense },
  ])
}

export interface ToldFee {
  readonly movementId: string
  readonly provider: ProviderName
  /** What the provider keeps beyond what was booked before. */
  readonly fee: Money
  /** The seller whose payment it is; the organization itself when absent. */
  readonly sellerId: string | null
  /** What of it is taken from the suspense account. */
  readonly fromSuspense: bigint
  /** What the books have of the one who pays the rest. */
  readonly available: bigint
}

/**
 * The provider has told what it kept of a payment that was booked before. Whoever was given the whole has that much less;
 * what the books do not have of it any more comes from the merchant's own money, outside of them.
 */
export function feeTold({ movementId, provider, fee, sellerId, fromSuspense, available }: ToldFee): Posting {
  const { currency, minor } = fee
  const rest = minor - fromSuspense
  const fromBooks = smaller(available > 0n ? available : 0n, rest)
  return posting('feeTold', { kind: 'PaymentMovement', id: movementId }, [
    { account: feesOf(provider, currency), amount: minor },
    { account: suspenseOf(provider, currency), amount: -fromSuspense },
    { account: merchantOf(provider, sellerId, currency), amount: -fromBooks },
    { account: worldOf(currency), amount: fromBooks - rest },
  ])
}

export interface LoweredFee {
  readonly movementId: string
  readonly provider: ProviderName
  /** What the provider keeps less than was booked before. */
  readonly fee: Money
  /** The seller whose payment it is; the organization itself when absent. */
  readonly sellerId: string | null
  /** What of it goes to the suspense account. */
  readonly toSuspense: bigint
  /** What the books have of the provider's fees. */
  readonly available: bigint
}

/**
 * The provider has told a lower fee than the one that was booked: the difference goes back to whoever had paid it. Fees that
 * were taken out of the books meanwhile come back from outside of them.
 */
export function feeLowered({ movementId, provider, fee, sellerId, toSuspense, available }: LoweredFee): Posting {
  const { currency, minor } = fee
  const fromBooks = smaller(available > 0n ? available : 0n, minor)
  return posting('feeTold', { kind: 'PaymentMovement', id: movementId }, [
    { account: feesOf(provider, currency), amount: -fromBooks },
    { account: worldOf(currency), amount: fromBooks - minor },
    { account: suspenseOf(provider, currency), amount: toSuspense },
    { account: merchantOf(provider, sellerId, currency), amount: minor - toSuspense },
  ])
}

export interface AcceptedPayment {
  readonly movementId: string
  readonly provider: ProviderName
  /** What leaves the suspense account. */
  readonly amount: Money
  readonly sellerId: string | null
}

/** What waited in suspense is the merchant's. */
export function paymentAccepted({ movementId, provider, amount, sellerId }: AcceptedPayment): Posting {
  return posting('paymentAccepted', { kind: 'PaymentMovement', id: movementId }, [
    { account: suspenseOf(provider, amount.currency), amount: -amount.minor },
    { account: merchantOf(provider, sellerId, amount.currency), amount: amount.minor },
  ])
}

/** Who is owed what a payment leaves, and pays what a refund takes: the seller, or the organization itself. */
export function merchantOf(provider: ProviderName, sellerId: string | null, currency: Currency): AccountSpec {
  return sellerId === null ? organizationOf(provider, currency) : sellerOf(sellerId, currency)
}

export interface CompletedRefund {
  readonly refundId: string
  readonly provider: ProviderName
  /** What went back to the customer, in the currency of the price. */
  readonly amount: Money
  /** The seller whose payment it was; the organization itself when absent. */
  readonly sellerId: string | null
  /** What of the payment waits in suspense, which is given back first. */
  readonly suspense?: bigint
  /** What the books have of the one who pays the rest. */
  readonly available: bigint
  /** What sending it cost, in the coin of its chain. */
  readonly networkFee: Money | null
}

/**
 * The customer has the money back. The fees of the payment stay where they are: a refund is one transfer of what the
 * customer had paid, out of the merchant's wallet, and the provider reports of it an amount and what the network took,
 * with no share that would come back from itself or from the organization. So the merchant, who was left less than the
 * whole, pays the whole; what the books do not have of it comes from the merchant's own wallet, outside of them. The
 * network is paid from there too.
 */
export function refundCompleted(refund: CompletedRefund): Posting {
  const { provider, amount, sellerId, networkFee } = refund
  const { currency } = amount
  const fromSuspense = smaller(refund.suspense ?? 0n, amount.minor)
  const rest = amount.minor - fromSuspense
  const fromBooks = smaller(refund.available > 0n ? refund.available : 0n, rest)
  const network = networkFee && networkFee.minor > 0n ? networkFee : undefined
  return posting('refundCompleted', { kind: 'Refund', id: refund.refundId }, [
    { account: customersOf(provider, currency), amount: amount.minor },
    { account: suspenseOf(provider, currency), amount: -fromSuspense },
    { account: merchantOf(provider, sellerId, currency), amount: -fromBooks },
    { account: worldOf(currency), amount: fromBooks - rest },
    ...(network
      ? [
          { account: worldOf(network.currency), amount: -network.minor },
          { account: networkFeesOf(provider, network.currency), amount: network.minor },
        ]
      : []),
  ])
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

export interface SettledClaimFunds {
  readonly claimFundsId: string
  readonly sellerId: string
  /** What the organization sent to the seller's wallet. */
  readonly amount: Money
}

/** The organization has paid a seller out of its own wallet: it owes them so much less. */
export function claimFundsSettled({ claimFundsId, sellerId, amount }: SettledClaimFunds): Posting {
  return posting('claimFundsSettled', { kind: 'ClaimFunds', id: claimFundsId }, [
    { account: sellerOf(sellerId, amount.currency), amount: -amount.minor },
    { account: sellerPayoutsOf(amount.currency), amount: amount.minor },
  ])
}

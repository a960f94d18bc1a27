import type { Provider } from '../db/generated/enums.ts'
import type { Money } from '../kernel/money.ts'
import { customersOf, feesOf, organizationFeesOf, organizationOf, sellerOf } from './account.ts'
import { type Posting, posting } from './posting.ts'

/** Every way money moves, in the words of an accountant. Services post recipes and nothing else. */

export interface SettledPayment {
  readonly paymentId: string
  readonly provider: Provider
  /** What the customer paid, in the currency of the price. */
  readonly gross: Money
  /** What the provider kept of it. */
  readonly providerFee: bigint
  /** What the organization keeps of a seller's payment; nothing for a payment of its own. */
  readonly organizationFee: bigint
  /** The seller who is owed the rest; the organization itself when absent. */
  readonly sellerId: string | null
}

/** The customer's money has come in: the provider keeps its fee, the organization its share, the rest is the seller's. */
export function paymentSettled(payment: SettledPayment): Posting {
  const { provider, gross, providerFee, organizationFee, sellerId } = payment
  const { currency } = gross
  const rest = gross.minor - providerFee - organizationFee
  if (rest < 0n) throw new Error(`the fees of payment ${payment.paymentId} exceed it`)
  if (sellerId === null && organizationFee !== 0n) throw new Error('an organization fee needs a seller')
  return posting('paymentSettled', { kind: 'Payment', id: payment.paymentId }, [
    { account: customersOf(provider, currency), amount: -gross.minor },
    { account: feesOf(provider, currency), amount: providerFee },
    { account: organizationFeesOf(provider, currency), amount: organizationFee },
    { account: sellerId === null ? organizationOf(provider, currency) : sellerOf(sellerId, currency), amount: rest },
  ])
}

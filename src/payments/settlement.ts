import type { Transaction } from '../db/database.ts'
import type { Provider, TransactionState } from '../db/generated/enums.ts'
import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import type { Change, Emit } from '../events/outbox.ts'
import { currency } from '../kernel/currency.ts'
import { newId } from '../kernel/id.ts'
import { type Money, money, shareOf } from '../kernel/money.ts'
import { post } from '../ledger/journal.ts'
import { paymentSettled } from '../ledger/recipes.ts'
import type { ProviderPayment, ProviderStatus } from '../providers/port.ts'
import { isFinal, isSettled, moveTo, paymentEventType, paymentObject, refundable, settledState } from './payment.ts'

/** What a payment is for: a checkout, or a bill of a subscription. */
export interface Sale {
  readonly tenantId: string
  readonly provider: Provider
  readonly productId: string | null
  /** The seller whose payment it is. */
  readonly userId: string | null
  readonly customerId: string | null
  readonly description: string
  readonly price: Money
  /** What the provider calls the payment. */
  readonly externalId: string | null
  readonly origin: { readonly checkoutId: string } | { readonly subscriptionId: string; readonly billingId: string }
  /** Whether it had ended before the money came. */
  readonly over: boolean
}

/** A sale and what its payment is known to be, under the lock of what asked for it. */
export interface Paying {
  readonly sale: Sale
  readonly payment: PaymentRow | null
}

export function saleOf(checkout: CheckoutRow): Sale {
  const { tenantId, provider, productId, userId, customerId, externalId, status } = checkout
  return {
    tenantId,
    provider,
    productId,
    userId,
    customerId,
    externalId,
    description: checkout.itemName,
    price: money(checkout.priceMinor, currency(checkout.currency)),
    origin: { checkoutId: checkout.id },
    over: status === 'CANCELLED' || status === 'EXPIRED',
  }
}

/** A step of a payment that has not settled. Answers whether anything changed. */
export async function movePayment(tx: Transaction, change: Change, emit: Emit, paying: Paying, seen: ProviderStatus) {
  const { sale, payment } = paying
  const move = moveTo(payment?.status, seen.state)
  if (move === 'illegal') {
    const object = { status: payment?.status, observed: seen.state }
    const entityId = payment?.id ?? ('checkoutId' in sale.origin ? sale.origin.checkoutId : sale.origin.billingId)
    emit({ type: 'payment.contradicted', entityKind: 'Payment', entityId, object })
  }
  if (move !== 'legal') return false
  const facts = {
    status: seen.state,
    transactionHash: seen.transactionHash,
    message: seen.message,
    updatedAt: change.at,
  }
  announce(emit, payment ? await update(tx, payment, facts) : await create(tx, change, sale, facts))
  return true
}

/**
 * The money is there: the payment, its posting and its event, together and once.
 * Answers whether anything changed.
 */
export async function settlePayment(
  tx: Transaction,
  change: Change,
  emit: Emit,
  { sale, payment }: Paying,
  paid: ProviderPayment,
): Promise<boolean> {
  if (payment && (isSettled(payment.status) || payment.status === 'REFUNDED')) return false
  const { fee: organizationFee, bps: organizationFeeBps } = await organizationFeeOf(tx, sale, paid)
  const facts: Facts = {
    status: settledState(sale.price, paid.amount, payment?.status, sale.over),
    amountMinor: paid.amount.minor.toString(),
    settledMinor: paid.settled?.minor.toString(),
    settledCurrency: paid.settled?.currency.code,
    providerFeeMinor: paid.fee.toString(),
    organizationFeeMinor: organizationFee.toString(),
    providerFeeBps: paid.feeBps ?? null,
    organizationFeeBps,
    customerId: sale.customerId,
    fromAddress: paid.from,
    toAddress: paid.to,
    transactionHash: paid.transactionHash,
    ...(paid.chain && { chain: { ...paid.chain } }),
    message: null,
    settledAt: paid.at,
    updatedAt: change.at,
  }
  const settled = payment ? await update(tx, payment, facts) : await create(tx, change, sale, facts)
  const posting = paymentSettled({
    paymentId: settled.id,
    provider: sale.provider,
    gross: paid.amount,
    providerFee: paid.fee,
    organizationFee,
    sellerId: sale.userId,
  })
  await post(tx, change, emit, posting)
  announce(emit, settled)
  return true
}

/** So much of it was given back; once that is all of it, the payment is REFUNDED. The payment must be locked. */
export async function givePaymentBack(
  tx: Transaction,
  change: Change,
  emit: Emit,
  payment: PaymentRow,
  minor: bigint,
): Promise<void> {
  const left = refundable(payment) - minor
  if (left < 0n) throw new Error(`${minor} of payment ${payment.id} are more than is left of it`)
  const where = { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }
  const refundedMinor = (payment.refundedMinor + minor).toString()
  const status = left === 0n ? ('REFUNDED' as const) : payment.status
  const data = { refundedMinor, status, updatedAt: change.at }
  const after = await tx.payment.update({ where, data })
  if (left === 0n) announce(emit, after)
}

/** The provider's figure where it takes the fee itself, else the seller's basis points of the payment. */
async function organizationFeeOf(
  tx: Transaction,
  sale: Sale,
  paid: ProviderPayment,
): Promise<{ fee: bigint; bps: number | null }> {
  if (sale.userId === null) return { fee: 0n, bps: 0 }
  if (paid.organizationFee > 0n) return { fee: paid.organizationFee, bps: paid.organizationFeeBps ?? null }
  const where = { tenantId_id: { tenantId: sale.tenantId, id: sale.userId } }
  const seller = await tx.user.findUniqueOrThrow({ where })
  const bps = seller.organizationFeeBps
  return { fee: shareOf(paid.amount.minor, bps), bps }
}

/** What changes when a payment moves, as its row keeps it. */
interface Facts {
  readonly status: TransactionState
  readonly updatedAt: Date
  readonly amountMinor?: string
  readonly settledMinor?: string | undefined
  readonly settledCurrency?: string | undefined
  readonly providerFeeMinor?: string
  readonly organizationFeeMinor?: string
  readonly providerFeeBps?: number | null
  readonly organizationFeeBps?: number | null
  readonly customerId?: string | null
  readonly fromAddress?: string | undefined
  readonly toAddress?: string | undefined
  readonly transactionHash?: string | undefined
  readonly chain?: Readonly<Record<string, string>>
  readonly message?: string | null | undefined
  readonly settledAt?: Date
}

async function create(tx: Transaction, change: Change, sale: Sale, facts: Facts): Promise<PaymentRow> {
  const { tenantId, provider, productId, userId, customerId, description, externalId, price, origin } = sale
  const data = {
    tenantId,
    id: newId(),
    provider,
    productId,
    userId,
    externalId,
    customerId,
    description,
    ...origin,
    source: 'checkoutId' in origin ? ('ONE_TIME' as const) : ('SUBSCRIPTION' as const),
    amountMinor: price.minor.toString(),
    currency: price.currency.code,
    createdAt: change.at,
  }
  return tx.payment.create({ data: { ...data, ...facts } })
}

function update(tx: Transaction, payment: PaymentRow, data: Facts): Promise<PaymentRow> {
  return tx.payment.update({ where: { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }, data })
}

function announce(emit: Emit, payment: PaymentRow): void {
  const topicId = payment.checkoutId ?? payment.billingId
  emit({
    type: paymentEventType(payment.status),
    entityKind: 'Payment',
    entityId: payment.id,
    ...(topicId && { topicId }),
    status: statusOf(payment),
    object: paymentObject(payment),
  })
}

function statusOf({ status, billingId, transactionHash, message }: PaymentRow): Status {
  return {
    type: billingId === null ? 'PAYMENT' : 'EXECUTE_SUBSCRIPTION',
    state: status,
    final: isFinal(status),
    ...(transactionHash && { transactionHash }),
    ...(message && { message }),
  }
}

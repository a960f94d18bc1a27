import type { Transaction } from '../db/database.ts'
import type { TransactionState } from '../db/generated/enums.ts'
import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import type { Change, Emit } from '../events/outbox.ts'
import { currency } from '../kernel/currency.ts'
import { newId } from '../kernel/id.ts'
import { money, shareOf } from '../kernel/money.ts'
import { post } from '../ledger/journal.ts'
import { paymentSettled } from '../ledger/recipes.ts'
import type { ProviderPayment, ProviderStatus } from '../providers/port.ts'
import { isFinal, isSettled, moveTo, paymentEventType, paymentObject, settledState } from './payment.ts'

/** What a checkout's payment is known to be, under the lock of the checkout. */
export interface Paying {
  readonly checkout: CheckoutRow
  readonly payment: PaymentRow | null
}

/** A step of a payment that has not settled. Answers whether anything changed. */
export async function movePayment(tx: Transaction, change: Change, emit: Emit, paying: Paying, seen: ProviderStatus) {
  const { checkout, payment } = paying
  const move = moveTo(payment?.status, seen.state)
  if (move === 'illegal') {
    const object = { status: payment?.status, observed: seen.state }
    emit({ type: 'payment.contradicted', entityKind: 'Payment', entityId: payment?.id ?? checkout.id, object })
  }
  if (move !== 'legal') return false
  const facts = {
    status: seen.state,
    transactionHash: seen.transactionHash,
    message: seen.message,
    updatedAt: change.at,
  }
  announce(emit, payment ? await update(tx, payment, facts) : await create(tx, change, checkout, facts))
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
  paying: Paying & { readonly customerId: string | null },
  paid: ProviderPayment,
): Promise<boolean> {
  const { checkout, payment, customerId } = paying
  if (payment && isSettled(payment.status)) return false
  const asked = money(checkout.priceMinor, currency(checkout.currency))
  const late = checkout.status === 'CANCELLED' || checkout.status === 'EXPIRED'
  const organizationFee = await organizationFeeOf(tx, checkout, paid)
  const facts: Facts = {
    status: settledState(asked, paid.amount, payment?.status, late),
    amountMinor: paid.amount.minor.toString(),
    settledMinor: paid.settled?.minor.toString(),
    settledCurrency: paid.settled?.currency.code,
    providerFeeMinor: paid.fee.toString(),
    organizationFeeMinor: organizationFee.toString(),
    customerId,
    fromAddress: paid.from,
    toAddress: paid.to,
    transactionHash: paid.transactionHash,
    message: null,
    settledAt: paid.at,
    updatedAt: change.at,
  }
  const settled = payment ? await update(tx, payment, facts) : await create(tx, change, checkout, facts)
  const posting = paymentSettled({
    paymentId: settled.id,
    provider: checkout.provider,
    gross: paid.amount,
    providerFee: paid.fee,
    organizationFee,
    sellerId: checkout.userId,
  })
  await post(tx, change, emit, posting)
  announce(emit, settled)
  return true
}

/** The provider's figure where it takes the fee itself, else the seller's basis points of the payment. */
async function organizationFeeOf(tx: Transaction, checkout: CheckoutRow, paid: ProviderPayment): Promise<bigint> {
  if (checkout.userId === null) return 0n
  if (paid.organizationFee > 0n) return paid.organizationFee
  const where = { tenantId_id: { tenantId: checkout.tenantId, id: checkout.userId } }
  const seller = await tx.user.findUniqueOrThrow({ where })
  return shareOf(paid.amount.minor, seller.organizationFeeBps)
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
  readonly customerId?: string | null
  readonly fromAddress?: string | undefined
  readonly toAddress?: string | undefined
  readonly transactionHash?: string | undefined
  readonly message?: string | null | undefined
  readonly settledAt?: Date
}

async function create(tx: Transaction, change: Change, checkout: CheckoutRow, facts: Facts): Promise<PaymentRow> {
  const { tenantId, provider, productId, userId, externalId } = checkout
  const data = {
    tenantId,
    id: newId(),
    provider,
    productId,
    userId,
    externalId,
    checkoutId: checkout.id,
    customerId: checkout.customerId,
    description: checkout.itemName,
    amountMinor: checkout.priceMinor.toString(),
    currency: checkout.currency,
    createdAt: change.at,
  }
  return tx.payment.create({ data: { ...data, ...facts } })
}

function update(tx: Transaction, payment: PaymentRow, data: Facts): Promise<PaymentRow> {
  return tx.payment.update({ where: { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }, data })
}

function announce(emit: Emit, payment: PaymentRow): void {
  emit({
    type: paymentEventType(payment.status),
    entityKind: 'Payment',
    entityId: payment.id,
    ...(payment.checkoutId && { topicId: payment.checkoutId }),
    status: statusOf(payment),
    object: paymentObject(payment),
  })
}

function statusOf({ status, transactionHash, message }: PaymentRow): Status {
  return {
    type: 'PAYMENT',
    state: status,
    final: isFinal(status),
    ...(transactionHash && { transactionHash }),
    ...(message && { message }),
  }
}

import type { Transaction } from '../db/database.ts'
import type { TransactionState } from '../db/generated/enums.ts'
import type { PaymentRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import { contradict } from '../events/contradiction.ts'
import type { Emit } from '../events/outbox.ts'
import { newId } from '../kernel/id.ts'
import type { Metadata } from '../kernel/input.ts'
import { shareOf } from '../kernel/money.ts'
import { UnusableFact } from '../providers/errors.ts'
import type { PaymentFact, ProviderPayment, ProviderStatus } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { type Booking, book, bookingOf, type Transfer } from './booking.ts'
import { bookFee, lacksFee } from './fee.ts'
import { hasMoney, isFinal, isShort, mayBeTriedAgain, moveTo, paymentEventType, paymentObject } from './payment.ts'
import { type Paying, placeOf, type Sale, sourceOf } from './sale.ts'

/** What a fact makes of a payment, wherever it came from. */

/**
 * A fact with money settles the payment, any other moves it, and what the provider keeps of it is booked. What asked for
 * the payment must be locked, and the payment: refunds and what is accepted from suspense change it under its own lock
 * alone. Repeats and old news change nothing.
 * @returns the payment where anything changed
 * @throws UnusableFact for an amount below zero or in another currency than the payment's
 */
export async function applyToPayment(work: Work, paying: Paying, fact: PaymentFact): Promise<PaymentRow | undefined> {
  const { payment } = paying
  const { received, status } = fact
  if (!received) return move(work, paying, fact)
  const { amount, reference } = received
  if (amount.minor < 0n) {
    throw new UnusableFact(`the amount of payment ${reference} is told as ${amount.minor}: an amount is not negative`)
  }
  if (payment && payment.currency !== amount.currency.code) {
    const told = `is told in ${amount.currency.code}, and the payment is in ${payment.currency}`
    throw new UnusableFact(`the amount of payment ${reference} ${told}`)
  }
  const isEmpty = amount.minor === 0n && status !== undefined && isShort(status.state)
  const changed = isEmpty
    ? await moveEmpty(work, paying, received, status)
    : await settle(work, paying, received, status)
  await bookToldFee(work, payment, changed, received)
  return changed
}

/** Books what of the told fee was not booked with the money. The fee that is told with more money counts, also a lower one. */
async function bookToldFee(
  work: Work,
  before: PaymentRow | null,
  changed: PaymentRow | undefined,
  { amount, fee }: ProviderPayment,
): Promise<void> {
  const after = changed ?? before
  if (after === null || fee === undefined) return
  if (fee < 0n) {
    if (changed) await contradictPayment(work, after.id, { status: after.status, fee: fee.toString() })
    return
  }
  const isMore = changed !== undefined && amount.minor > (before && hasMoney(before) ? before.amountMinor : 0n)
  if (isMore ? fee !== after.providerFeeMinor : lacksFee(after, fee)) await bookFee(work, after, fee)
}

/** The provider says that too little came in, and that it is nothing: there is a state, and no money. */
async function moveEmpty(work: Work, { sale, payment }: Paying, { reference }: ProviderPayment, seen: ProviderStatus) {
  if (payment && hasMoney(payment)) return undefined
  return move(work, { sale: { ...sale, externalId: reference }, payment }, { status: seen })
}

function contradictPayment(work: Work, entityId: string, object: Record<string, unknown>): Promise<void> {
  return contradict(work, { type: 'payment.contradicted', entityKind: 'Payment', entityId, object })
}

interface Step {
  readonly status: ProviderStatus
  readonly isAnother?: boolean
}

/** A step of a payment that has not settled. */
async function move(work: Work, { sale, payment }: Paying, step: Step): Promise<PaymentRow | undefined> {
  const { status: seen, isAnother = false } = step
  const found = moveTo(payment?.status, seen.state, isAnother)
  if (found === 'illegal') {
    const { checkoutId, billingId } = placeOf(sale)
    const entityId = payment?.id ?? checkoutId ?? billingId ?? sale.tenantId
    await contradictPayment(work, entityId, { status: payment?.status, observed: seen.state })
  }
  if (found !== 'legal') return undefined
  const facts = {
    status: seen.state,
    customerId: sale.customerId,
    transactionHash: seen.transactionHash,
    message: seen.message,
    updatedAt: work.at,
    // Of another attempt nothing is known by the last one.
    ...(isAnother && { transactionHash: seen.transactionHash ?? null, message: seen.message ?? null }),
    ...(isAnother && sale.externalId !== null && { externalId: sale.externalId }),
  }
  const moved = payment ? await update(work.tx, payment, facts) : await create(work, sale, facts)
  announce(work.emit, moved, sale)
  return moved
}

/**
 * Money is there: the payment, its posting and its event, together and once. What the provider tells is all that has come
 * in so far, so that an arrival is what it tells beyond what we have. What was seen may say that it is too little.
 */
async function settle(
  work: Work,
  paying: Paying,
  paid: ProviderPayment,
  seen: ProviderStatus | undefined,
): Promise<PaymentRow | undefined> {
  const { sale, payment } = paying
  const organization = await organizationFeeOf(work.tx, sale, paid)
  const fee = feeWithMoney(payment, paid)
  const short = seen !== undefined && isShort(seen.state)
  const booking = bookingOf(sale, payment, { ...paid, fee, organizationFee: organization.fee }, short)
  const message = (short && seen?.message) || null
  return booking && arrive(work, paying, { booking, paid, fee, transfer: transferOf(paid, organization.bps), message })
}

/**
 * What is booked as the fee together with the money; a fee that was not told with the money before is booked by itself. A fee
 * below zero is none, and keeps no money out of the books.
 */
function feeWithMoney(payment: PaymentRow | null, { fee }: ProviderPayment): bigint | undefined {
  if (fee !== undefined && fee < 0n) return undefined
  return payment !== null && hasMoney(payment) && payment.providerFeeMinor === null ? undefined : fee
}

interface Arrived {
  readonly booking: Booking
  readonly paid: ProviderPayment
  readonly fee: bigint | undefined
  readonly transfer: Transfer
  readonly message: string | null
}

async function arrive(work: Work, { sale, payment }: Paying, arrived: Arrived): Promise<PaymentRow> {
  const { booking, paid, fee, transfer, message } = arrived
  const { state, had, more, suspense } = booking
  const facts: Facts = {
    status: state,
    amountMinor: paid.amount.minor.toString(),
    settledMinor: paid.settled?.minor.toString(),
    settledCurrency: paid.settled?.currency.code,
    ...(fee !== undefined && { providerFeeMinor: ((payment?.providerFeeMinor ?? 0n) + more.providerFee).toString() }),
    organizationFeeMinor: ((had?.organizationFee ?? 0n) + more.organizationFee).toString(),
    suspenseMinor: suspense.toString(),
    customerId: sale.customerId,
    // A further arrival has a row of its own; the payment keeps the transfer that its money first came by.
    ...(had ? {} : transfer),
    ...(paid.reference !== payment?.externalId && { externalId: paid.reference }),
    message,
    settledAt: had ? (payment?.settledAt ?? paid.at) : paid.at,
    updatedAt: work.at,
  }
  const settled = payment
    ? await update(work.tx, payment, { ...facts, ...placeOf(sale), ...sale.words })
    : await create(work, sale, facts)
  await book(work, { settled, before: payment, paid, booking, transfer })
  announce(work.emit, settled, sale, paid.transactionHash)
  return settled
}

/**
 * So much of it was given back; once that is all of it, the payment is REFUNDED. More than all of it can go back where
 * it was given back here and at the provider, and is told as it is. The payment must be locked.
 */
export async function givePaymentBack(work: Work, payment: PaymentRow, minor: bigint): Promise<void> {
  const left = payment.amountMinor - payment.refundedMinor - minor
  const suspense = payment.suspenseMinor < minor ? 0n : payment.suspenseMinor - minor
  const where = { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }
  const refundedMinor = (payment.refundedMinor + minor).toString()
  const status = left <= 0n ? ('REFUNDED' as const) : payment.status
  const data = { refundedMinor, suspenseMinor: suspense.toString(), status, updatedAt: work.at }
  const after = await work.tx.payment.update({ where, data })
  if (left <= 0n) announce(work.emit, after)
}

/** The provider's figure where it takes the fee itself, else the seller's basis points of the payment. */
async function organizationFeeOf(
  tx: Transaction,
  sale: Sale,
  paid: ProviderPayment,
): Promise<{ fee: bigint; bps: number | null }> {
  if (sale.userId === null) return { fee: 0n, bps: 0 }
  if (paid.organizationFee !== undefined && paid.organizationFee > 0n)
    return { fee: paid.organizationFee, bps: paid.organizationFeeBps ?? null }
  const where = { tenantId_id: { tenantId: sale.tenantId, id: sale.userId } }
  const seller = await tx.user.findUniqueOrThrow({ where })
  const bps = seller.organizationFeeBps
  return { fee: shareOf(paid.amount.minor, bps), bps }
}

function transferOf(
  { feeBps, from, to, transactionHash, chain }: ProviderPayment,
  organizationFeeBps: number | null,
): Transfer {
  return {
    providerFeeBps: feeBps ?? null,
    organizationFeeBps,
    fromAddress: from,
    toAddress: to,
    transactionHash,
    ...(chain && { chain: { ...chain } }),
  }
}

/** What changes when a payment moves, as its row keeps it. */
interface Facts extends Omit<Partial<Transfer>, 'transactionHash'> {
  readonly transactionHash?: string | null | undefined
  readonly status: TransactionState
  readonly updatedAt: Date
  readonly amountMinor?: string
  readonly settledMinor?: string | undefined
  readonly settledCurrency?: string | undefined
  readonly providerFeeMinor?: string
  readonly organizationFeeMinor?: string
  readonly suspenseMinor?: string
  readonly customerId?: string | null
  readonly externalId?: string
  readonly message?: string | null | undefined
  readonly settledAt?: Date
  readonly checkoutId?: string
  readonly subscriptionId?: string
  readonly billingId?: string
  readonly reference?: string | null
  readonly metadata?: Metadata
}

async function create(work: Work, sale: Sale, facts: Facts): Promise<PaymentRow> {
  const { tenantId, provider, productId, userId, customerId, description, externalId, price } = sale
  const data = {
    tenantId,
    id: newId(),
    provider,
    productId,
    userId,
    externalId,
    customerId,
    description,
    ...placeOf(sale),
    ...sale.words,
    source: sourceOf(sale),
    amountMinor: price.minor.toString(),
    currency: price.currency.code,
    createdAt: work.at,
  }
  return work.tx.payment.create({ data: { ...data, ...facts } })
}

function update(tx: Transaction, payment: PaymentRow, data: Facts): Promise<PaymentRow> {
  return tx.payment.update({ where: { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }, data })
}

/** The transfer of the news is the payment's own where none is given. */
function announce(emit: Emit, payment: PaymentRow, sale?: Sale, transactionHash = payment.transactionHash): void {
  const topicId = payment.checkoutId ?? payment.billingId
  emit({
    type: paymentEventType(payment.status),
    entityKind: 'Payment',
    entityId: payment.id,
    ...(topicId && { topicId }),
    status: statusOf({ ...payment, transactionHash }, sale),
    object: paymentObject(payment),
  })
}

/** An attempt that failed is not the last step while its checkout can still be paid. */
function statusOf({ status, billingId, checkoutId, transactionHash, message }: PaymentRow, sale?: Sale): Status {
  const goesOn = mayBeTriedAgain(status) && checkoutId !== null && sale?.over === false
  return {
    type: billingId === null ? 'PAYMENT' : 'EXECUTE_SUBSCRIPTION',
    state: status,
    final: isFinal(status) && !goesOn,
    ...(transactionHash && { transactionHash }),
    ...(message && { message }),
  }
}

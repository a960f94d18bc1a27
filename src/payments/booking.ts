import type { Transaction } from '../db/database.ts'
import type { TransactionState } from '../db/generated/enums.ts'
import type { PaymentRow } from '../db/rows.ts'
import { currency } from '../kernel/currency.ts'
import { newId } from '../kernel/id.ts'
import { allocate, money } from '../kernel/money.ts'
import { post } from '../ledger/journal.ts'
import { paymentAccepted, paymentSettled, paymentSuspended } from '../ledger/recipes.ts'
import type { ProviderPayment } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { arrivedState, hasMoney, isPaidInFull, isUnclaimed, lacksWhatWentBack } from './payment.ts'
import type { Sale } from './sale.ts'

/** How an arrival of money is booked: what of it is the merchant's, and what waits on the suspense account. */

/** All in minor units of the currency of the price. */
interface Amounts {
  readonly gross: bigint
  readonly providerFee: bigint
  readonly organizationFee: bigint
  /** What of the rest waits in suspense. */
  readonly suspense: bigint
}

export interface Booking {
  readonly state: TransactionState
  /** What had come in before; undefined at the first arrival. */
  readonly had: Amounts | undefined
  /** What comes to it. Suspense below zero is released to the merchant. */
  readonly more: Amounts
  /** What waits in suspense after it. */
  readonly suspense: bigint
}

type Paid = Pick<ProviderPayment, 'amount'> & { readonly organizationFee: bigint; readonly fee: bigint | undefined }

/** Undefined where the provider tells nothing that we do not have. */
export function bookingOf(sale: Sale, payment: PaymentRow | null, paid: Paid, short: boolean): Booking | undefined {
  const had = payment && hasMoney(payment) ? amountsOf(payment) : undefined
  const isDone = payment !== null && isPaidInFull(payment.status) && !isUnclaimed(payment)
  const lacks = (short && !isDone) || (payment !== null && lacksWhatWentBack(payment))
  const [before, late] = [payment?.status, sale.over]
  const state = arrivedState({ asked: sale.price, paid: paid.amount, before, late, short: lacks })
  const completes = !('unclaimed' in sale.origin) && !isDone && isPaidInFull(state)
  const more = beyond(had ?? nothingOf(payment), paid)
  const releases = completes && had !== undefined && had.suspense > 0n
  if (had && (more.gross < 0n || (more.gross === 0n && !releases))) return undefined
  const waited = had?.suspense ?? 0n
  const rest = waited + more.gross - more.providerFee - more.organizationFee
  const suspense = completes ? surplusOf(rest, sale.price.minor, paid.amount.minor) : rest
  return { state, had, more: { ...more, suspense: suspense - waited }, suspense }
}

/** A fee may have been booked before any money. */
function nothingOf(payment: PaymentRow | null): Amounts {
  return { ...NOTHING, providerFee: payment?.providerFeeMinor ?? 0n }
}

const NOTHING: Amounts = { gross: 0n, providerFee: 0n, organizationFee: 0n, suspense: 0n }

/**
 * What the provider tells beyond what we have. An arrival bears no more fees than it brings: first the organization's, then
 * the provider's. What it does not bear of the latter, or what the provider takes less than before, is booked by itself.
 */
function beyond(had: Amounts, { amount, fee, organizationFee: share }: Paid): Omit<Amounts, 'suspense'> {
  const gross = amount.minor - had.gross
  if (gross === 0n) return NOTHING
  const organizationFee = within(share - had.organizationFee, gross)
  const providerFee = fee === undefined ? 0n : within(fee - had.providerFee, gross - organizationFee)
  return { gross, providerFee, organizationFee }
}

/** The amount where it is from zero to the most, else the nearer of both. */
function within(amount: bigint, most: bigint): bigint {
  if (amount < 0n) return 0n
  return amount < most ? amount : most
}

/** How an amount came in, at which rates of the fees. */
export interface Transfer {
  readonly providerFeeBps: number | null
  readonly organizationFeeBps: number | null
  readonly fromAddress: string | undefined
  readonly toAddress: string | undefined
  readonly transactionHash: string | undefined
  readonly chain?: Readonly<Record<string, string>>
}

export interface Booked {
  readonly settled: PaymentRow
  readonly before: PaymentRow | null
  readonly paid: ProviderPayment
  readonly booking: Booking
  readonly transfer: Transfer
}

/** Posts it once: the first arrival for the payment itself, each further one for a movement of its own. Nothing has no posting. */
export async function book(work: Work, booked: Booked): Promise<void> {
  const { settled, paid, booking } = booked
  const { id: paymentId, provider, userId: sellerId } = settled
  const { gross, suspense: toSuspense, ...fees } = booking.more
  if (gross === 0n) return toSuspense === 0n ? undefined : accept(work, settled, -toSuspense)
  const first = { paymentId, provider, gross: money(gross, paid.amount.currency), ...fees, sellerId }
  const arrival = booking.had ? { ...first, movementId: await keepReceipt(work.tx, booked) } : first
  const waits = toSuspense > 0n && toSuspense === gross - fees.providerFee - fees.organizationFee
  await post(work, waits ? paymentSuspended(arrival) : paymentSettled({ ...arrival, toSuspense }), settled)
}

async function keepReceipt(tx: Transaction, { settled, before, paid, booking, transfer }: Booked): Promise<string> {
  const { tenantId, id: paymentId } = settled
  const { gross, providerFee, organizationFee } = booking.more
  const settledMinor = paid.settled && before?.settledMinor != null ? paid.settled.minor - before.settledMinor : null
  const { id } = await tx.paymentMovement.create({
    data: {
      tenantId,
      id: newId(),
      paymentId,
      kind: 'RECEIPT',
      amountMinor: gross.toString(),
      providerFeeMinor: providerFee.toString(),
      organizationFeeMinor: organizationFee.toString(),
      ...(settledMinor !== null && { settledMinor: settledMinor.toString() }),
      ...transfer,
      at: paid.at,
    },
  })
  return id
}

/** The merchant takes what waits in suspense. The payment must be locked. */
export async function acceptSuspense(work: Work, payment: PaymentRow): Promise<PaymentRow> {
  await accept(work, payment, payment.suspenseMinor)
  const where = { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }
  return work.tx.payment.update({ where, data: { suspenseMinor: '0', updatedAt: work.at } })
}

async function accept(work: Work, payment: PaymentRow, minor: bigint): Promise<void> {
  const { tenantId, id: paymentId, provider, userId: sellerId } = payment
  const movement = { tenantId, id: newId(), paymentId, kind: 'ACCEPTANCE' as const, at: work.at }
  await work.tx.paymentMovement.create({ data: { ...movement, amountMinor: minor.toString() } })
  const amount = money(minor, currency(payment.currency))
  await post(work, paymentAccepted({ movementId: movement.id, provider, amount, sellerId }), payment)
}

function amountsOf(payment: PaymentRow): Amounts {
  return {
    gross: payment.amountMinor,
    providerFee: payment.providerFeeMinor ?? 0n,
    organizationFee: payment.organizationFeeMinor ?? 0n,
    suspense: payment.suspenseMinor,
  }
}

/** The part of what the fees leave that was paid beyond what was asked for. */
function surplusOf(rest: bigint, asked: bigint, paid: bigint): bigint {
  return paid > asked ? (allocate(rest, [asked, paid - asked])[1] ?? 0n) : 0n
}

import { z } from 'zod'
import type { TransactionState } from '../../db/generated/enums.ts'
import { currency, findCurrency } from '../../kernel/currency.ts'
import { divideHalfEven, type Money, money, parseDecimal, shareOf } from '../../kernel/money.ts'
import type { FoundCustomer, ProviderPayment, ProviderStatus } from '../port.ts'

/** QBitFlow's JSON, and what it means in our words. Unknown fields are its business. */

const USD = currency('USD')
/** A float's decimal text never has more digits after the point than this. */
const FLOAT_DIGITS = 24

export const Created = z.object({ id: z.number() })
export const CustomerCreated = z.object({ uuid: z.string() })
export const SessionCreated = z.object({ uuid: z.string(), link: z.string(), expiresAt: z.number().optional() })

const usd = z.number().transform(centsFromFloat)

const Metadata = z.object({
  feeBps: z.number().int(),
  organizationFee: z.object({ feeBps: z.number().int() }).nullish(),
  txAmounts: z.object({ usd: z.object({ platform: usd, organization: usd.optional(), merchant: usd }) }).nullish(),
})

export const Payment = z.object({
  uuid: z.string(),
  createdAt: z.string(),
  from: z.string(),
  to: z.string(),
  amount: usd,
  amountMinUnits: z.string().regex(/^\d+$/),
  currency: z.object({ symbol: z.string(), decimals: z.number().int() }),
  transactionHash: z.string(),
  metadata: Metadata.nullish(),
})

export const Customer = z.object({
  uuid: z.string(),
  name: z.string(),
  lastName: z.string().nullish(),
  email: z.string().nullish(),
  phoneNumber: z.string().nullish(),
})

const StatusBody = z.object({
  status: z.string(),
  txHash: z.string().nullish(),
  message: z.string().nullish(),
})

export const Status = StatusBody.transform(statusFrom)
export const StatusFrame = z.object({ transactionUUID: z.string(), status: Status })
export const TransactionWebhook = z.object({ uuid: z.string(), status: Status.nullish() })

const STATES = new Map<string, TransactionState>([
  ['created', 'CREATED'],
  ['waitingConfirmation', 'WAITING_CONFIRMATION'],
  ['pending', 'PENDING'],
  ['completed', 'COMPLETED'],
  ['failed', 'FAILED'],
  ['cancelled', 'CANCELLED'],
  ['expired', 'EXPIRED'],
])

function statusFrom({ status, txHash, message }: z.output<typeof StatusBody>): ProviderStatus {
  const state = STATES.get(status)
  if (!state) throw new Error(`QBitFlow's status ${status} is unknown`)
  // The wire has no state of its own for too little money: it is a failure whose message says so.
  const underpaid = state === 'FAILED' && message?.startsWith('underpaid')
  return {
    state: underpaid ? 'UNDERPAID' : state,
    ...(txHash && { transactionHash: txHash }),
    ...(message && { message }),
  }
}

/** Ids come bare and with a prefix (`pay@…`); we keep them bare. */
export function bare(uuid: string): string {
  return uuid.slice(uuid.lastIndexOf('@') + 1)
}

/** The JSON number that stands for an amount in USD. */
export function floatFromUsd(price: Money): number {
  return Number(price.minor) / 100
}

/** Cents from a JSON float, by its shortest decimal text, rounded half to even. */
function centsFromFloat(value: number): bigint {
  const exact = parseDecimal(value.toFixed(20).replace(/0+$/, '0'), FLOAT_DIGITS)
  const short = parseDecimal(String(value), FLOAT_DIGITS) ?? exact
  if (short === undefined) throw new Error(`QBitFlow's amount ${value} is none`)
  return divideHalfEven(short, 10n ** BigInt(FLOAT_DIGITS - USD.exponent))
}

export function customerFrom(wire: z.output<typeof Customer>): FoundCustomer {
  return {
    reference: wire.uuid,
    name: wire.name,
    ...(wire.lastName && { lastName: wire.lastName }),
    ...(wire.email && { email: wire.email }),
    ...(wire.phoneNumber && { phone: wire.phoneNumber }),
  }
}

export function paymentFrom(
  wire: z.output<typeof Payment>,
  customer: z.output<typeof Customer> | undefined,
): ProviderPayment {
  const settled = findCurrency(wire.currency.symbol)
  return {
    reference: bare(wire.uuid),
    amount: money(wire.amount, USD),
    ...(settled?.exponent === wire.currency.decimals && { settled: money(BigInt(wire.amountMinUnits), settled) }),
    ...feesFrom(wire),
    from: wire.from,
    to: wire.to,
    transactionHash: wire.transactionHash,
    ...(customer && { customer: customerFrom(customer) }),
    at: new Date(wire.createdAt),
  }
}

/** The amounts that QBitFlow reports where they add up to the payment, else its basis points of it. */
function feesFrom({ amount, metadata }: z.output<typeof Payment>): { fee: bigint; organizationFee: bigint } {
  if (!metadata) throw new Error('QBitFlow reports a payment without its fees')
  const reported = metadata.txAmounts?.usd
  const organization = reported?.organization ?? 0n
  if (reported && reported.platform + organization + reported.merchant === amount) {
    return { fee: reported.platform, organizationFee: organization }
  }
  return {
    fee: shareOf(amount, metadata.feeBps),
    organizationFee: shareOf(amount, metadata.organizationFee?.feeBps ?? 0),
  }
}

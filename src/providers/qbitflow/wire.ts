import { z } from 'zod'
import type { TransactionState } from '../../db/generated/enums.ts'
import { currency, findCurrency } from '../../kernel/currency.ts'
import { divideHalfEven, type Money, money, parseDecimal, shareOf } from '../../kernel/money.ts'
import type { ChainFacts, FoundCustomer, ProviderPayment, ProviderStatus, Sighting } from '../port/facts.ts'

/** QBitFlow's JSON, and what it means in our words. Unknown fields are its business. */

const USD = currency('USD')
/** A float's decimal text never has more decimal places than this. */
const FLOAT_DIGITS = 24

export const Created = z.object({ id: z.number() })
export const CustomerCreated = z.object({ uuid: z.string() })
export const SessionCreated = z.object({ uuid: z.string(), link: z.string(), expiresAt: z.number().optional() })

/** A session names its customer by a UUID; of zeros where it has none. */
export const Session = z.object({ customerUUID: z.string().nullish() })
export const NOBODY = /^[0-]*$/

/** A time that the wire writes for "never". */
const NEVER = /^0001-01-01T/

export const moment = z
  .string()
  .nullish()
  .transform((text) => (text && !NEVER.test(text) ? new Date(text) : undefined))

/** What QBitFlow calls a checkout's transaction: the prefix of its id, and its type. */
export const TRANSACTION = {
  PAYMENT: ['pay', 'payment'],
  SUBSCRIPTION: ['sub', 'createSubscription'],
  PAY_AS_YOU_GO: ['payg', 'createPAYGSubscription'],
} as const

const usd = z.number().transform(centsFromFloat)

const MainCurrency = z.object({ symbol: z.string(), name: z.string().nullish(), decimals: z.number().int() })

/** A coin; a token lives on the chain of its main currency. */
export const CurrencyBody = MainCurrency.extend({ address: z.string().nullish(), mainCurrency: MainCurrency.nullish() })

/** What the chain says of a transaction. */
const TxMetadata = z.object({
  blockData: z.object({ number: z.coerce.string() }).nullish(),
  mainCurrencyPriceUSD: z.number().nullish(),
})

const Metadata = z.object({
  feeBps: z.number().int(),
  organizationFee: z.object({ feeBps: z.number().int() }).nullish(),
  txMetadata: TxMetadata.nullish(),
  txAmounts: z.object({ usd: z.object({ platform: usd, organization: usd.optional(), merchant: usd }) }).nullish(),
})

export const Payment = z.object({
  uuid: z.string(),
  createdAt: z.string(),
  name: z.string().nullish(),
  from: z.string(),
  to: z.string(),
  amount: usd,
  amountMinUnits: z.string().regex(/^\d+$/),
  currency: CurrencyBody,
  transactionHash: z.string(),
  metadata: Metadata.nullish(),
})

/** A payment or a bill, as the list of both shows it. */
export const Listed = z.object({
  items: z
    .array(
      z.object({
        uuid: z.string(),
        createdAt: z.string(),
        amount: usd,
        source: z.string(),
        subscriptionUUID: z.string().nullish(),
      }),
    )
    .nullable(),
  nextCursor: z.string().nullish(),
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
export const TransactionWebhook = z.object({
  uuid: z.string(),
  txType: z.string().nullish(),
  status: Status.nullish(),
  session: z.object({ uuid: z.string() }).nullish(),
  managementPageLink: z.string().nullish(),
})
export const SubscriptionWebhook = z.object({ subscriptionUUID: z.string() })

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

function centsFromFloat(value: number): bigint {
  return minorFrom(value, USD.exponent)
}

/** Minor units from a JSON float, by its shortest decimal text, or from a decimal, rounded half to even. */
export function minorFrom(value: number | string, exponent: number): bigint {
  const exact = typeof value === 'number' ? value.toFixed(20).replace(/0+$/, '0') : ''
  const short = parseDecimal(String(value), FLOAT_DIGITS) ?? parseDecimal(exact, FLOAT_DIGITS)
  if (short === undefined) throw new Error(`QBitFlow's amount ${value} is none`)
  return divideHalfEven(short, 10n ** BigInt(FLOAT_DIGITS - exponent))
}

/** The wire names a chain by its own coin alone. */
const CHAINS = new Map([
  ['Ether', 'Ethereum'],
  ['Ether on Base', 'Base'],
])

/** Where a transaction in a coin stands. */
export function chainFrom(
  coin: z.output<typeof CurrencyBody>,
  tx: z.output<typeof TxMetadata> | undefined,
): ChainFacts {
  const main = coin.mainCurrency ?? coin
  return {
    ...(main.name && { name: CHAINS.get(main.name) ?? main.name }),
    ...(findCurrency(main.symbol)?.exponent === main.decimals && { coin: main.symbol }),
    ...(tx?.blockData && { block: tx.blockData.number }),
    ...(coin.address && { token: coin.address }),
    ...(typeof tx?.mainCurrencyPriceUSD === 'number' && { coinPriceUsd: String(tx.mainCurrencyPriceUSD) }),
  }
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
    chain: chainFrom(wire.currency, wire.metadata?.txMetadata ?? undefined),
    ...(customer && { customer: customerFrom(customer) }),
    ...(wire.name && { description: wire.name }),
    at: new Date(wire.createdAt),
  }
}

export function sightingsFrom({ items }: z.output<typeof Listed>): Sighting[] {
  return (items ?? []).map(({ uuid, createdAt, amount, source, subscriptionUUID }) => ({
    reference: bare(uuid),
    source: source === 'payment' ? 'ONE_TIME' : 'SUBSCRIPTION',
    ...(subscriptionUUID && { subscription: bare(subscriptionUUID) }),
    amount: money(amount, USD),
    at: new Date(createdAt),
  }))
}

/** The amounts that QBitFlow reports where they add up to the payment, else its basis points of it. */
function feesFrom({ amount, metadata }: z.output<typeof Payment>) {
  if (!metadata) throw new Error('QBitFlow reports a payment without its fees')
  const { feeBps } = metadata
  const organizationFeeBps = metadata.organizationFee?.feeBps ?? 0
  const reported = metadata.txAmounts?.usd
  const organization = reported?.organization ?? 0n
  if (reported && reported.platform + organization + reported.merchant === amount) {
    return { fee: reported.platform, organizationFee: organization, feeBps, organizationFeeBps }
  }
  return {
    fee: shareOf(amount, feeBps),
    organizationFee: shareOf(amount, organizationFeeBps),
    feeBps,
    organizationFeeBps,
  }
}

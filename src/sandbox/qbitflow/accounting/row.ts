import { formatDecimal } from '../../../kernel/money.ts'
import type { Context } from '../context.ts'
import { type Coin, coin, findCoin } from '../currencies.ts'
import type { Payment } from '../documents.ts'
import { transactionId } from '../ids.ts'
import { rateAt } from '../rates.ts'
import type { RefundPayment } from '../refunds/documents.ts'
import { linkOf, managementLinkOf } from '../session.ts'
import type { HistoryEntry } from '../subscriptions/documents.ts'
import { centsOf, usdOf } from '../usd.ts'
import type { Row } from './columns.ts'

/** What the export is made of; a payment that began as one carries no kind. */
export type Movement = (Payment & { readonly kind?: undefined }) | HistoryEntry | RefundPayment

interface Metadata {
  readonly feeBps: number
  readonly organizationFee?: { readonly feeBps: number } | null
  readonly txMetadata: {
    readonly networkFees: { readonly amount: string }
    readonly blockData: { readonly number: string }
  }
  readonly txAmounts?: {
    readonly usd: { readonly platform: number; readonly organization?: number; readonly merchant: number }
    readonly minUnits: { readonly platform: string; readonly organization: string; readonly merchant: string }
  }
}

const TYPES = { payment: 'one_time', subscriptionHistory: 'subscription', refund: 'refund' } as const

const BPS_PER_PERCENT = 100

/** Amounts are positive: the addresses say which way the money went. */
export function rowFrom(context: Context, movement: Movement): Row {
  const { kind = 'payment' } = movement
  const paidWith = coin(movement.currencyId)
  const metadata = movement.metadata as Metadata
  return {
    paymentId: transactionId({ uuid: movement.uuid, kind }),
    type: TYPES[kind],
    txTimeUtc: movement.createdAt,
    receiptUrl: receiptUrl(context, movement),
    relatedPaymentId: movement.kind === 'refund' ? movement.related : '',
    productId: movement.productId ?? 0,
    productName: movement.name,
    productDescription: movement.description,
    customerUuid: movement.customerUUID,
    customerUUID: movement.customerUUID,
    chain: paidWith.chain.name,
    blockNumberOrSlot: metadata.txMetadata.blockData.number,
    txHash: movement.transactionHash,
    fromAddress: movement.from,
    toAddress: movement.to,
    tokenSymbol: paidWith.symbol,
    currencyDecimals: paidWith.decimals,
    tokenContractOrMint: paidWith.address,
    explorerUrl: explorerUrl(paidWith, movement.transactionHash),
    grossAmount: amountOf(movement.amountMinUnits, paidWith),
    grossAmountUsd: Number(movement.amount),
    ...(metadata.txAmounts ? fees(metadata, metadata.txAmounts, paidWith) : withoutFees(context, movement, metadata)),
  }
}

function receiptUrl({ publicUrl }: Context, movement: Movement): string {
  if (movement.kind === undefined) return `${linkOf(publicUrl, movement)}/receipt`
  if (movement.kind === 'refund') return ''
  return managementLinkOf(publicUrl, { uuid: movement.subscription, kind: movement.subscriptionKind })
}

type Fees = Pick<
  Row,
  | 'platformFeePercent'
  | 'platformFeeUsd'
  | 'platformFee'
  | 'organizationFeePercent'
  | 'organizationFeeUsd'
  | 'organizationFee'
  | 'networkFeesUsd'
  | 'networkFees'
  | 'netAmountUsd'
  | 'netAmount'
>

/** The payer bears the network's fees. */
function fees(metadata: Metadata, { usd, minUnits }: NonNullable<Metadata['txAmounts']>, paidWith: Coin): Fees {
  return {
    platformFeePercent: metadata.feeBps / BPS_PER_PERCENT,
    platformFeeUsd: usd.platform,
    platformFee: amountOf(minUnits.platform, paidWith),
    organizationFeePercent: (metadata.organizationFee?.feeBps ?? 0) / BPS_PER_PERCENT,
    organizationFeeUsd: usd.organization ?? 0,
    organizationFee: amountOf(minUnits.organization, paidWith),
    networkFeesUsd: 0,
    networkFees: '0',
    netAmountUsd: usd.merchant,
    netAmount: amountOf(minUnits.merchant, paidWith),
  }
}

/** A refund is all of what was paid, and the merchant bears the network's fees, in the chain's own coin. */
function withoutFees({ settings }: Context, movement: Movement, { txMetadata }: Metadata): Fees {
  const native = findCoin(coin(movement.currencyId).chain.mainCurrencyId) ?? coin(movement.currencyId)
  const rate = rateAt(native.symbol, new Date(movement.createdAt), settings.rateSeed)
  const networkFees = BigInt(txMetadata.networkFees.amount)
  return {
    platformFeePercent: 0,
    platformFeeUsd: 0,
    platformFee: '0',
    organizationFeePercent: 0,
    organizationFeeUsd: 0,
    organizationFee: '0',
    networkFeesUsd: Number(formatDecimal((networkFees * rate) / 10n ** BigInt(native.decimals), 8)),
    networkFees: amountOf(txMetadata.networkFees.amount, native),
    netAmountUsd: Number(usdOf(centsOf(movement.amount))),
    netAmount: amountOf(movement.amountMinUnits, coin(movement.currencyId)),
  }
}

/** Whole coins, without zeros at the end. */
function amountOf(minUnits: string, { decimals }: Coin): string {
  return formatDecimal(BigInt(minUnits), decimals).replace(/\.?0+$/, '')
}

const EXPLORERS: Readonly<Record<string, (hash: string) => string>> = {
  Ethereum: (hash) => `https://sepolia.etherscan.io/tx/${hash}`,
  Base: (hash) => `https://sepolia.basescan.org/tx/${hash}`,
  Solana: (hash) => `https://explorer.solana.com/tx/${hash}?cluster=devnet`,
}

function explorerUrl({ chain }: Coin, hash: string): string {
  return EXPLORERS[chain.name]?.(hash) ?? ''
}

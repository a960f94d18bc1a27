import { coin, currencyView } from './currencies.ts'
import type { Attempt, Payment, Session } from './documents.ts'
import { transactionId } from './ids.ts'
import { centsOf, splitFees, usdOf } from './usd.ts'
import { addressOf } from './wallet.ts'

/** What the chain charges for a transfer, in minor units of the chain's own coin. */
const NETWORK_FEES = {
  evm: { unitsConsumed: 65_000, unitPrice: 1_500_000_000n },
  solana: { unitsConsumed: 5_000, unitPrice: 1n },
} as const

const BLOCK_SECONDS = { evm: 12, solana: 0.4 } as const

/** The address that an organization is paid at on a coin's chain. */
export function organizationAddress(organizationId: number, currencyId: number): string {
  return addressOf(`organization:${organizationId}`, coin(currencyId).chain)
}

/** The address of whoever sells: the organization, or its seller. */
export function merchantAddress(session: Pick<Session, 'organizationId' | 'userId'>, currencyId: number): string {
  if (session.userId === undefined) return organizationAddress(session.organizationId, currencyId)
  return addressOf(`user:${session.userId}`, coin(currencyId).chain)
}

/** What was sold, and by whom. */
type Sale = Pick<
  Session,
  'uuid' | 'productId' | 'productName' | 'description' | 'organizationId' | 'userId' | 'feeBps' | 'organizationFeeBps'
>

/** What arrived for it. */
interface Receipt extends Pick<Attempt, 'receivedMinUnits' | 'receivedUsd' | 'from' | 'txHash'> {
  readonly currencyId: number
}

/** The payment that a confirmed transfer becomes. */
export function paymentFrom(sale: Sale, receipt: Receipt, customerUUID: string, at: Date): Payment {
  const { currencyId } = receipt
  return {
    uuid: sale.uuid,
    createdAt: at.toISOString(),
    from: receipt.from,
    to: merchantAddress(sale, currencyId),
    name: sale.productName,
    description: sale.description,
    amount: receipt.receivedUsd,
    amountMinUnits: receipt.receivedMinUnits,
    currencyId,
    productId: sale.productId,
    transactionHash: receipt.txHash,
    customerUUID,
    organizationId: sale.organizationId,
    userId: sale.userId,
    metadata: metadataFrom(sale, receipt, at),
  }
}

function metadataFrom(sale: Sale, receipt: Receipt, at: Date): object {
  const { currencyId } = receipt
  const organizationBps = sale.organizationFeeBps ?? 0
  const hasOrganizationFee = sale.userId !== undefined && organizationBps > 0
  const usd = splitFees(centsOf(receipt.receivedUsd), sale.feeBps, organizationBps)
  const minUnits = splitFees(BigInt(receipt.receivedMinUnits), sale.feeBps, organizationBps)
  return {
    feeBps: sale.feeBps,
    organizationFee: hasOrganizationFee
      ? {
          organizationId: sale.organizationId,
          organization: organizationAddress(sale.organizationId, currencyId),
          feeBps: organizationBps,
        }
      : null,
    referralFee: null,
    txMetadata: txMetadataFrom(currencyId, at),
    txAmounts: {
      usd: {
        platform: Number(usdOf(usd.platform)),
        ...(hasOrganizationFee ? { organization: Number(usdOf(usd.organization)) } : {}),
        merchant: Number(usdOf(usd.merchant)),
      },
      minUnits: {
        platform: minUnits.platform.toString(),
        organization: minUnits.organization.toString(),
        referral: '0',
        merchant: minUnits.merchant.toString(),
      },
    },
  }
}

/** What the chain says of a transfer confirmed at this moment. */
export function txMetadataFrom(currencyId: number, at: Date): object {
  const { family } = coin(currencyId).chain
  const { unitsConsumed, unitPrice } = NETWORK_FEES[family]
  const timestamp = Math.floor(at.getTime() / 1_000)
  return {
    networkFees: { amount: (BigInt(unitsConsumed) * unitPrice).toString(), unitsConsumed },
    blockData: { number: Math.floor(timestamp / BLOCK_SECONDS[family]).toString(), timestamp },
  }
}

export function paymentView(payment: Omit<Payment, 'organizationId' | 'userId'>): object {
  return {
    ...payment,
    uuid: transactionId(payment),
    amount: Number(payment.amount),
    currency: currencyView(coin(payment.currencyId)),
    test: true,
  }
}

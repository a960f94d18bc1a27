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
export function merchantAddress(session: Session, currencyId: number): string {
  if (session.userId === undefined) return organizationAddress(session.organizationId, currencyId)
  return addressOf(`user:${session.userId}`, coin(currencyId).chain)
}

/** The payment that a confirmed attempt becomes. */
export function paymentFrom(session: Session, attempt: Attempt, customerUUID: string, at: Date): Payment {
  const { currencyId } = attempt.quote
  return {
    uuid: session.uuid,
    createdAt: at.toISOString(),
    from: attempt.from,
    to: merchantAddress(session, currencyId),
    name: session.productName,
    description: session.description,
    amount: attempt.receivedUsd,
    amountMinUnits: attempt.receivedMinUnits,
    currencyId,
    productId: session.productId,
    transactionHash: attempt.txHash,
    customerUUID,
    organizationId: session.organizationId,
    userId: session.userId,
    metadata: metadataFrom(session, attempt, at),
  }
}

function metadataFrom(session: Session, attempt: Attempt, at: Date): object {
  const { currencyId } = attempt.quote
  const organizationBps = session.organizationFeeBps ?? 0
  const hasOrganizationFee = session.userId !== undefined && organizationBps > 0
  const usd = splitFees(centsOf(attempt.receivedUsd), session.feeBps, organizationBps)
  const minUnits = splitFees(BigInt(attempt.receivedMinUnits), session.feeBps, organizationBps)
  return {
    feeBps: session.feeBps,
    organizationFee: hasOrganizationFee
      ? {
          organizationId: session.organizationId,
          organization: organizationAddress(session.organizationId, currencyId),
          feeBps: organizationBps,
        }
      : null,
    referralFee: null,
    txMetadata: txMetadataFrom(attempt, at),
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

function txMetadataFrom(attempt: Attempt, at: Date): object {
  const { family } = coin(attempt.quote.currencyId).chain
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

/** The payment in the list that it shares with the bills of subscriptions. */
export function combinedView({ organizationId, userId, ...payment }: Payment): object {
  return {
    ...paymentView(payment),
    productId: payment.productId ?? null,
    source: 'payment',
    subscriptionUUID: null,
  }
}

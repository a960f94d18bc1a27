import { z } from 'zod'
import type { PaymentSource, RefundStatus } from '../../db/generated/enums.ts'
import type { ProviderRefund } from '../port/facts.ts'
import type { Refunds } from '../port/refunds.ts'
import { type Client, orUndefinedWhenMissing } from './client.ts'
import { ANSWERED_REFUNDS, rejectListed, WAITING_REFUNDS } from './routes.ts'
import { bare, moment } from './wire.ts'

const TxMetadata = z.object({
  networkFees: z.object({ amount: z.string().regex(/^\d+$/) }).nullish(),
  blockData: z.object({ number: z.coerce.string(), timestamp: z.number() }).nullish(),
  mainCurrencyPriceUSD: z.number().nullish(),
})

const RefundEntry = z.object({
  uuid: z.string(),
  txId: z.string(),
  reason: z.string().nullish(),
  status: z.string(),
  createdAt: z.string(),
  merchantMessage: z.string().nullish(),
  respondedAt: moment,
  txHash: z.string().nullish(),
  amountMinUnits: z.string().regex(/^\d+$/),
  metadata: TxMetadata.nullish(),
})

const Waiting = z.array(RefundEntry).nullable()
const Answered = z.object({ items: z.array(RefundEntry).nullable(), nextCursor: z.string().nullish() })

const PAGE = 50
const PREFIX: Readonly<Record<PaymentSource, string>> = { ONE_TIME: 'pay', SUBSCRIPTION: 'sub-hist' }

/** What QBitFlow calls a payment. */
export function transactionId(payment: string, source: PaymentSource): string {
  return `${PREFIX[source]}@${payment}`
}

/** Refunds are asked for on the management page and answered in the dashboard: the API shows them and no more. */
export function refundsOf({ call }: Client): Refunds {
  return {
    answeredAt: 'the dashboard of QBitFlow',

    async lookup(payment, source) {
      const path = `/transaction/refunds/by-transaction/${transactionId(payment, source)}`
      const entry = await call(RefundEntry, 'GET', path).catch(orUndefinedWhenMissing)
      return entry && refundFrom(entry)
    },

    async waiting() {
      const waiting = await call(Waiting, 'GET', WAITING_REFUNDS).catch(rejectListed('REFUNDS'))
      return (waiting ?? []).map(refundFrom)
    },

    async *answered() {
      for (let cursor: string | undefined; ; ) {
        const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const path = `${ANSWERED_REFUNDS}?limit=${PAGE}${query}`
        const page = await call(Answered, 'GET', path).catch(rejectListed('REFUNDS'))
        yield (page.items ?? []).map(refundFrom)
        if (!page.nextCursor) return
        cursor = page.nextCursor
      }
    },
  }
}

function refundFrom(entry: z.output<typeof RefundEntry>): ProviderRefund {
  const { metadata, respondedAt, txHash } = entry
  const state = stateFrom(entry)
  const block = metadata?.blockData
  const sentAt = block ? new Date(block.timestamp * 1_000) : respondedAt
  const price = metadata?.mainCurrencyPriceUSD
  return {
    reference: bare(entry.uuid),
    payment: bare(entry.txId),
    state,
    settledMinor: BigInt(entry.amountMinUnits),
    askedAt: new Date(entry.createdAt),
    ...(entry.reason && { reason: entry.reason }),
    ...(entry.merchantMessage && { merchantMessage: entry.merchantMessage }),
    ...(txHash && { transactionHash: txHash }),
    ...(respondedAt && { respondedAt }),
    ...(state === 'COMPLETED' && sentAt && { completedAt: sentAt }),
    ...(metadata?.networkFees && { networkFeeMinor: BigInt(metadata.networkFees.amount) }),
    chain: { ...(block && { block: block.number }), ...(typeof price === 'number' && { coinPriceUsd: String(price) }) },
  }
}

/**
 * `pending` stands for two: that the merchant has not answered, and, with a time of the answer, that the chain has not.
 * So does `approved`: that the merchant said yes, and, with a transaction, that the money was sent.
 */
function stateFrom({ status, txHash, respondedAt }: z.output<typeof RefundEntry>): RefundStatus {
  switch (status) {
    case 'pending':
      return respondedAt ? 'PROCESSING' : 'PENDING'
    case 'approved':
      return txHash ? 'COMPLETED' : 'APPROVED'
    case 'refused':
    case 'rejected':
      return 'REFUSED'
    case 'failed':
      return 'FAILED'
    default:
      throw new Error(`QBitFlow's refund status ${status} is unknown`)
  }
}

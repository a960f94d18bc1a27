import { transactionId } from '../ids.ts'
import type { Refund } from './documents.ts'

export function refundView(refund: Refund): object {
  const { reason, status, createdAt, merchantMessage, respondedAt, txHash, amountMinUnits, metadata } = refund
  return {
    uuid: transactionId(refund),
    txId: transactionId({ uuid: refund.transaction, kind: refund.transactionKind }),
    test: true,
    reason,
    status,
    createdAt,
    merchantMessage: merchantMessage ?? '',
    respondedAt,
    organizationId: refund.organizationId,
    userId: refund.userId,
    txHash,
    amountMinUnits,
    metadata,
  }
}

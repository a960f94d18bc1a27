import type { TransactionState } from '../../db/generated/enums.ts'
import { builder } from '../builder.ts'

export const TransactionStateEnum = builder.enumType('TransactionState', {
  description: 'The state of a payment or of another transaction.',
  values: {
    CREATED: { description: 'The transaction is known and has not started.' },
    PENDING: { description: 'The transaction has started and is not final.' },
    WAITING_CONFIRMATION: { description: 'The transfer is on the blockchain and not confirmed yet.' },
    COMPLETED: { description: 'The transaction has succeeded.' },
    FAILED: { description: 'The transaction has failed.' },
    CANCELLED: { description: 'The transaction was cancelled.' },
    EXPIRED: { description: 'The transaction was not completed in time.' },
    UNDERPAID: {
      description:
        'Less than the requested amount was paid. The money is held on the suspense account until the rest arrives, the merchant accepts it, or it is refunded. After `acceptPayment` the payment stays UNDERPAID, since the state says how the money came; its `suspense` is zero and its checkout COMPLETED then.',
    },
    OVERPAID: {
      description:
        'More than the requested amount was paid. The excess is held on the suspense account. The payment stays OVERPAID when the merchant accepts it.',
    },
    PAID_LATE: {
      description:
        'The money arrived after the checkout or billing had expired, failed or been cancelled. It is held on the suspense account until the merchant accepts or refunds it. The payment stays PAID_LATE when the merchant accepts it.',
    },
    REFUNDED: { description: 'The whole amount was refunded.' },
    UNKNOWN: {
      description:
        'The provider did not answer, so the state is not known. The gateway asks the provider again until it is.',
    },
  } satisfies Record<TransactionState, object>,
})

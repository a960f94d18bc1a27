import type { TransactionState } from '../../db/generated/enums.ts'
import { builder } from '../builder.ts'

export const TransactionStateEnum = builder.enumType('TransactionState', {
  description: 'Where something that moves stands.',
  values: {
    CREATED: { description: 'Known, and not yet on its way.' },
    PENDING: { description: 'On its way.' },
    WAITING_CONFIRMATION: { description: 'On the chain, and not yet certain.' },
    COMPLETED: { description: 'Done.' },
    FAILED: { description: 'It did not happen.' },
    CANCELLED: { description: 'It was called off.' },
    EXPIRED: { description: 'It was not done in time.' },
    UNDERPAID: {
      description:
        'Less came in than was asked for. It waits on the suspense account until the rest comes, or somebody decides.',
    },
    OVERPAID: { description: 'More came in than was asked for. What is too much waits on the suspense account.' },
    PAID_LATE: {
      description:
        'It came in after the end of what asked for it, and waits on the suspense account until somebody decides.',
    },
    REFUNDED: { description: 'All of it was given back.' },
    UNKNOWN: { description: 'The provider has not said; it will be asked again, and nothing is guessed meanwhile.' },
  } satisfies Record<TransactionState, object>,
})

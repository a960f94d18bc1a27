import { type Attempt, attemptsFrom } from '../../checkouts/attempts.ts'
import { isOver } from '../../checkouts/checkout.ts'
import type { CheckoutRow } from '../../db/rows.ts'
import { isUnpaid, mayBeTriedAgain } from '../../payments/payment.ts'
import { builder } from '../builder.ts'
import { CheckoutRef } from '../refs.ts'
import { stepsOf } from '../relations.ts'
import { moment, momentField } from './moment.ts'
import { TransactionStateEnum } from './transaction-state.ts'

interface Shown extends Attempt {
  readonly checkout: CheckoutRow
}

const FailureCode = builder.enumType('FailureCode', {
  description: 'Why an attempt to pay came to nothing.',
  values: {
    TRANSACTION_FAILED: { description: 'The transaction failed. Nothing was paid.' },
    UNDERPAID: { description: 'Less than the amount arrived. The customer can pay the rest.' },
    CANCELLED: { description: 'The customer left without paying.' },
    EXPIRED: { description: 'The checkout expired first.' },
  },
})

const CODES = { UNDERPAID: 'UNDERPAID', CANCELLED: 'CANCELLED', EXPIRED: 'EXPIRED' } as const

const PaymentFailure = builder.objectRef<Shown>('PaymentFailure').implement({
  description: 'Why an attempt to pay came to nothing.',
  fields: (t) => ({
    code: t.field({
      type: FailureCode,
      description: 'The reason, for programs.',
      resolve: ({ status }) => CODES[status as keyof typeof CODES] ?? 'TRANSACTION_FAILED',
    }),
    message: t.string({
      description: 'The reason in words for people, as the provider gives it.',
      resolve: ({ message, status }) => message ?? `The payment is ${status}`,
    }),
    retryable: t.boolean({
      description: 'Whether the customer can try again or pay the rest now: the checkout is not over.',
      resolve: ({ status, checkout }) => mayBeTriedAgain(status) && !isOver(checkout.status),
    }),
  }),
})

const CheckoutAttempt = builder.objectRef<Shown>('CheckoutAttempt').implement({
  description: 'One attempt of the customer to pay a checkout.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'The number of the attempt: 1, 2, 3 …' }),
    status: t.expose('status', { type: TransactionStateEnum, description: 'The state of the attempt.' }),
    failure: t.field({
      type: PaymentFailure,
      nullable: true,
      description: 'Why the attempt came to nothing. Null while it is under way, and when it succeeded.',
      resolve: (attempt) => (isUnpaid(attempt.status) ? attempt : null),
    }),
    startedAt: t.field({
      ...momentField(t),
      description: 'When the attempt was first seen.',
      resolve: ({ startedAt }, args, context) => moment(startedAt, args, context),
    }),
    endedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the attempt ended. Null while it is under way.',
      resolve: ({ endedAt }, args, context) => (endedAt ? moment(endedAt, args, context) : null),
    }),
  }),
})

builder.objectField(CheckoutRef, 'attempts', (t) =>
  t.field({
    type: [CheckoutAttempt],
    description:
      'The attempts of the customer to pay, oldest first; empty until the customer starts. An attempt that fails leaves the checkout open for another. At most the first 100.',
    resolve: async (checkout, _args, { loaders }) => {
      const steps = await stepsOf(loaders, checkout.tenantId, checkout.id)
      return attemptsFrom(steps)
        .slice(0, 100)
        .map((attempt) => ({ ...attempt, checkout }))
    },
  }),
)

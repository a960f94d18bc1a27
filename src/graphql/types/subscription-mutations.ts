import type { Done } from '../../kernel/actor.ts'
import { withNotes } from '../../providers/notes.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { MoneyInput } from './money.ts'

const SimulatedSubscriptionAction = builder.enumType('SimulatedSubscriptionAction', {
  description:
    'A simulated action of the customer on the management page, or a simulated change of their wallet or of the price.',
  values: {
    CONFIRM: { description: 'The customer confirms the subscription after the trial.' },
    CANCEL: { description: 'The customer cancels the subscription.' },
    TOP_UP: { description: 'The customer raises their allowance by `amount`.' },
    RAISE_MAXIMUM: { description: 'The customer sets their limit for one billing to `amount`.' },
    DRAIN: { description: "The customer's allowance falls to `amount`." },
    CHANGE_PRICE: { description: 'The price of a billing period, or of one unit of usage, changes to `amount`.' },
  },
})

const subscriptionInput = (t: Parameters<Parameters<typeof mutation>[1]['input']>[0]) => ({
  subscriptionId: t.id({ required: true, description: 'The id of the subscription.' }),
})

const object = {
  name: 'subscription',
  kind: 'Subscription',
  description: 'The subscription after the change.',
} as const
const names = { id: 'subscriptionId' }

mutation('cancelSubscription', {
  description: withNotes(
    'Cancels a subscription on behalf of the customer, subject to the minimum number of periods.',
    'CANCELLATION',
  ),
  idempotency: 'optional',
  input: subscriptionInput,
  object,
  also: {
    name: 'url',
    description:
      'The URL of the page on which the customer can cancel. Null when the subscription was cancelled by this mutation.',
    value: (answer: Done & { readonly url?: string | undefined }) => answer.url,
  },
  names,
  run: (app, call, input) => app.subscriptions.cancel(call, input),
})

mutation('forceCancelSubscription', {
  description:
    'Cancels a subscription at once, regardless of the minimum number of periods. The subscription becomes CANCELLED when the provider confirms it. When the provider gives no answer, the gateway asks it again.',
  idempotency: 'optional',
  input: subscriptionInput,
  object,
  names,
  run: (app, call, input) => app.subscriptions.forceCancel(call, input),
})

mutation('executeTestBilling', {
  description: withNotes('Test mode only. Bills the current period now, or retries a failed billing.', 'TEST_BILLING'),
  idempotency: 'required',
  input: subscriptionInput,
  object,
  names,
  run: (app, call, input) => app.subscriptions.executeTestBilling(call, input),
})

mutation('reportUsage', {
  description:
    'Reports usage in the current billing period of a subscription with usage METERED. When the provider gives no answer, the result is an error, and the usage is never reported twice: the gateway finds out whether it was counted.',
  idempotency: 'required',
  input: (t) => ({
    ...subscriptionInput(t),
    units: t.field({
      type: 'Decimal',
      required: true,
      description: 'The number of units that were used: above zero, with at most 6 decimal places.',
    }),
  }),
  object,
  names,
  run: (app, call, input) => app.subscriptions.reportUsage(call, input),
})

mutation('simulateSubscription', {
  description:
    'Test mode only. Does what the customer would do on the management page, or changes their wallet or the price.',
  idempotency: 'optional',
  input: (t) => ({
    ...subscriptionInput(t),
    action: t.field({ type: SimulatedSubscriptionAction, required: true, description: 'The simulated action.' }),
    amount: t.field({
      type: MoneyInput,
      description: 'The amount for the action. Required for TOP_UP, RAISE_MAXIMUM, DRAIN and CHANGE_PRICE.',
    }),
  }),
  object,
  names,
  run: (app, call, input) => app.subscriptions.simulate(call, input),
})

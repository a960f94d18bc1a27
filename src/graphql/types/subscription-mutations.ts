import type { Done } from '../../kernel/actor.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { MoneyInput } from './money.ts'

const SimulatedSubscriptionAction = builder.enumType('SimulatedSubscriptionAction', {
  description: 'What the customer does on the management page, or what happens to their wallet or the price.',
  values: {
    CONFIRM: { description: 'Confirms after the trial.' },
    CANCEL: { description: 'Cancels.' },
    TOP_UP: { description: 'Lets `amount` more be billed.' },
    RAISE_MAXIMUM: { description: 'Lets one bill come to `amount`.' },
    DRAIN: { description: 'Leaves `amount` that can still be billed.' },
    CHANGE_PRICE: { description: 'The price of a period, or of a unit, becomes `amount`.' },
  },
})

const subscriptionInput = (t: Parameters<Parameters<typeof mutation>[1]['input']>[0]) => ({
  subscriptionId: t.id({ required: true, description: 'The subscription.' }),
})

const object = { name: 'subscription', kind: 'Subscription', description: 'The subscription as it is now.' } as const
const names = { id: 'subscriptionId' }

mutation('cancelSubscription', {
  description:
    'Cancels a subscription as its customer would, within what was agreed. At QBITFLOW only the customer can, on the management page: nothing is changed, and `url` is the page to send them to. In test mode `simulateSubscription` does what they would do there.',
  idempotency: 'optional',
  input: subscriptionInput,
  object,
  also: {
    name: 'url',
    description: 'The page on which the customer cancels, where only they can; null where it was done.',
    value: (answer: Done & { readonly url?: string | undefined }) => answer.url,
  },
  names,
  run: (app, call, input) => app.subscriptions.cancel(call, input),
})

mutation('forceCancelSubscription', {
  description:
    'Ends a subscription whatever was agreed. It is CANCELLED once the provider says so; after a lost answer the provider is asked what became of it.',
  idempotency: 'optional',
  input: subscriptionInput,
  object,
  names,
  run: (app, call, input) => app.subscriptions.forceCancel(call, input),
})

mutation('executeTestBilling', {
  description:
    'Test mode: bills a period at once instead of at the next turn of the provider, like one whose bill has failed. QBITFLOW refuses it before the bill is due.',
  idempotency: 'required',
  input: subscriptionInput,
  object,
  names,
  run: (app, call, input) => app.subscriptions.executeTestBilling(call, input),
})

mutation('reportUsage', {
  description:
    'Adds to what was used in this period of a subscription that bills it. A lost answer brings a userError and never a second report: what became of it is found out.',
  idempotency: 'required',
  input: (t) => ({
    ...subscriptionInput(t),
    units: t.field({
      type: 'Decimal',
      required: true,
      description: 'How much was used: above zero, with at most six digits after the point.',
    }),
  }),
  object,
  names,
  run: (app, call, input) => app.subscriptions.reportUsage(call, input),
})

mutation('simulateSubscription', {
  description:
    'Test mode: does what the customer would do on the management page, or changes their wallet or the price.',
  idempotency: 'optional',
  input: (t) => ({
    ...subscriptionInput(t),
    action: t.field({ type: SimulatedSubscriptionAction, required: true, description: 'What happens.' }),
    amount: t.field({ type: MoneyInput, description: 'How much, where the action needs it.' }),
  }),
  object,
  names,
  run: (app, call, input) => app.subscriptions.simulate(call, input),
})

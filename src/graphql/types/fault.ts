import type { ProviderName } from '../../kernel/provider-name.ts'
import type { Fault, FaultKind } from '../../providers/faults.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { ProviderEnum } from './provider.ts'
import { connectionObject } from './provider-mutations.ts'

const FaultKindEnum = builder.enumType('FaultKind', {
  description:
    'A fault that a simulator can produce: in a call of its API, in a webhook that it sends, or in a payment of a customer.',
  values: {
    LOSE_ANSWER_BEFORE: { description: 'API call: the connection is closed before the request is processed.' },
    LOSE_ANSWER_AFTER: {
      description: 'API call: the request is processed, and the connection is closed before the answer.',
    },
    DELAY: { description: 'API call: the answer is delayed by `delayMs`.' },
    SERVER_ERROR: { description: 'API call: it is answered with 500 and not processed.' },
    RATE_LIMITED: {
      description: 'API call: it is answered with 429 and a Retry-After header of `retryAfter` seconds.',
    },
    MISSING_ROUTE: {
      description:
        'API call: it is answered with 404, as by a server of another version that has no such route. It occurs without end, unless `times` or `probability` says otherwise.',
    },
    MALFORMED_JSON: { description: 'API call: the request is processed, and the answer is not valid JSON.' },
    TRUNCATED_JSON: { description: 'API call: the request is processed, and the answer ends in the middle.' },
    DUPLICATE_WEBHOOK: { description: 'Webhook: it is sent twice.' },
    REORDER_WEBHOOKS: { description: 'Webhook: it is sent after the next one.' },
    WRONG_SIGNATURE: { description: 'Webhook: its signature is wrong.' },
    UNDERPAY: { description: 'Payment: the customer sends less than the amount.' },
    OVERPAY: { description: 'Payment: the customer sends more than the amount.' },
    PAY_LATE: { description: 'Payment: the money arrives after the page has expired.' },
  } satisfies Record<FaultKind, object>,
})

const FaultRef = builder.objectRef<Fault>('Fault').implement({
  description: 'A fault that is active at a simulator.',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'The id of the fault at the simulator.' }),
    kind: t.expose('kind', { type: FaultKindEnum, description: 'The kind of the fault.' }),
    operation: t.string({
      nullable: true,
      description:
        'The API calls that are affected, as `METHOD /path`, where `*` stands for any text. Null when all calls are affected.',
      resolve: ({ operation }) => operation ?? null,
    }),
    times: t.int({
      nullable: true,
      description: 'How often the fault will still occur. Null when there is no limit, 0 when it is used up.',
      resolve: ({ times }) => times ?? null,
    }),
    probability: t.float({
      nullable: true,
      description:
        'The probability, from 0 to 1, that the fault occurs at each opportunity. Null when it always occurs.',
      resolve: ({ probability }) => probability ?? null,
    }),
    seed: t.string({
      nullable: true,
      description: 'The seed of the random numbers. Null without a probability.',
      resolve: ({ seed }) => seed ?? null,
    }),
    delayMs: t.int({
      nullable: true,
      description: 'For DELAY: the delay in milliseconds. Null for other faults.',
      resolve: ({ delayMs }) => delayMs ?? null,
    }),
    retryAfter: t.int({
      nullable: true,
      description: 'For RATE_LIMITED: the Retry-After header in seconds. Null for other faults.',
      resolve: ({ retryAfter }) => retryAfter ?? null,
    }),
  }),
})

builder.queryField('faults', (t) =>
  t.field({
    type: [FaultRef],
    description: "Test mode only. The faults of a provider's simulator, oldest first. Empty in live mode.",
    authScopes: { manager: true },
    args: {
      provider: t.arg({ type: ProviderEnum, required: true, description: 'The provider whose simulator is read.' }),
    },
    resolve: async (_root, { provider }, context) => [...(await context.app.faults.list(actorOf(context), provider))],
  }),
)

const providerInput = (t: Parameters<Parameters<typeof mutation>[1]['input']>[0]) => ({
  provider: t.field({ type: ProviderEnum, required: true, description: 'The provider whose simulator is meant.' }),
})

mutation('injectFault', {
  description:
    "Test mode only. Adds a fault to a provider's simulator, from the next call on. It occurs once, unless `times` or `probability` says otherwise; MISSING_ROUTE occurs until it is cleared.",
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    ...providerInput(t),
    kind: t.field({ type: FaultKindEnum, required: true, description: 'The kind of the fault.' }),
    operation: t.string({
      description:
        'The API calls that are affected, as `METHOD /path`, where `*` stands for any text, e.g. `POST /transaction/session-checkout*`. The default is all calls. Actions that the provider offers only outside its API have paths of their own, e.g. `POST /_sandbox/refunds/*/approve`.',
    }),
    times: t.int({
      description:
        'How often the fault occurs: 1 to 1000000. The default is 1, or no limit when a probability is given.',
    }),
    probability: t.float({
      description: 'The probability that the fault occurs at each opportunity: above 0, at most 1.',
    }),
    seed: t.string({
      description:
        'The seed of the random numbers, for a fault with a probability. The same seed gives the same sequence of faults.',
    }),
    delayMs: t.int({ description: 'For DELAY: the delay in milliseconds, at most 60000. The default is 1000.' }),
    retryAfter: t.int({ description: 'For RATE_LIMITED: the Retry-After header in seconds. The default is 1.' }),
  }),
  object: {
    name: 'fault',
    type: FaultRef,
    description: 'The fault that was added.',
    read: async (context, { provider, ...input }, { id }) =>
      // What has struck as often as it was to is not there any more.
      (await context.app.faults.list(actorOf(context), provider as ProviderName)).find((fault) => fault.id === id) ?? {
        ...input,
        id,
        times: 0,
      },
  },
  run: (app, call, input) => app.faults.inject(call, input),
})

mutation('clearFaults', {
  description: "Test mode only. Removes all faults of a provider's simulator.",
  scope: 'manager',
  idempotency: 'optional',
  input: providerInput,
  object: connectionObject,
  run: (app, call, input) => app.faults.clear(call, input),
})

mutation('resetSandbox', {
  description:
    "Test mode only. Deletes all data of a provider's simulator. Open checkouts become EXPIRED, subscriptions CANCELLED and unfinished refunds FAILED, each with the reason. Products and customers are kept and created at the simulator again when they are next needed. The ledger is not changed.",
  scope: 'manager',
  idempotency: 'optional',
  input: providerInput,
  object: connectionObject,
  run: (app, call, input) => app.sandbox.reset(call, input),
})

import type { Provider } from '../../db/generated/enums.ts'
import type { Fault, FaultKind } from '../../providers/faults.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { ProviderEnum } from './provider.ts'
import { connectionObject } from './provider-mutations.ts'

const FaultKindEnum = builder.enumType('FaultKind', {
  description: 'What goes wrong at a simulator: with calls of its API, with its webhooks, or with what customers pay.',
  values: {
    LOSE_ANSWER_BEFORE: { description: 'A call: the connection breaks, and nothing happened.' },
    LOSE_ANSWER_AFTER: { description: 'A call: it happened, and the connection breaks before the answer.' },
    DELAY: { description: 'A call: the answer comes `delayMs` later.' },
    SERVER_ERROR: { description: 'A call: it is answered with 500, and nothing happened.' },
    RATE_LIMITED: { description: 'A call: it is answered with 429 and a Retry-After of `retryAfter` seconds.' },
    MALFORMED_JSON: { description: 'A call: it happened, and the answer is no JSON.' },
    TRUNCATED_JSON: { description: 'A call: it happened, and the answer ends half way.' },
    DUPLICATE_WEBHOOK: { description: 'A webhook: it is sent twice.' },
    REORDER_WEBHOOKS: { description: 'A webhook: it is overtaken by the next one.' },
    WRONG_SIGNATURE: { description: 'A webhook: its signature is wrong.' },
    UNDERPAY: { description: 'A payment: the customer sends too little.' },
    OVERPAY: { description: 'A payment: the customer sends too much.' },
    PAY_LATE: { description: 'A payment: the money comes after the page has expired.' },
  } satisfies Record<FaultKind, object>,
})

const FaultRef = builder.objectRef<Fault>('Fault').implement({
  description: 'Something that is armed to go wrong at a simulator.',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'The id that the simulator knows it by.' }),
    kind: t.expose('kind', { type: FaultKindEnum, description: 'What goes wrong.' }),
    operation: t.string({
      nullable: true,
      description: 'The calls that it befalls, as `METHOD /path` with `*` for anything; null for any call.',
      resolve: ({ operation }) => operation ?? null,
    }),
    times: t.int({
      nullable: true,
      description: 'How often it still strikes; null for one without end, 0 for one that is used up.',
      resolve: ({ times }) => times ?? null,
    }),
    probability: t.float({
      nullable: true,
      description: 'The probability of striking, each time that it may; null for always.',
      resolve: ({ probability }) => probability ?? null,
    }),
    seed: t.string({
      nullable: true,
      description: 'What its chances follow from; null without a probability.',
      resolve: ({ seed }) => seed ?? null,
    }),
    delayMs: t.int({
      nullable: true,
      description: 'How long a DELAY takes, in milliseconds.',
      resolve: ({ delayMs }) => delayMs ?? null,
    }),
    retryAfter: t.int({
      nullable: true,
      description: 'What RATE_LIMITED answers as Retry-After, in seconds.',
      resolve: ({ retryAfter }) => retryAfter ?? null,
    }),
  }),
})

builder.queryField('faults', (t) =>
  t.field({
    type: [FaultRef],
    description: 'Test mode: what is armed to go wrong at a provider, the oldest first. Nothing in live mode.',
    authScopes: { manager: true },
    args: { provider: t.arg({ type: ProviderEnum, required: true, description: 'The provider.' }) },
    resolve: async (_root, { provider }, context) => [...(await context.app.faults.list(actorOf(context), provider))],
  }),
)

const providerInput = (t: Parameters<Parameters<typeof mutation>[1]['input']>[0]) => ({
  provider: t.field({ type: ProviderEnum, required: true, description: 'Whose simulator.' }),
})

mutation('injectFault', {
  description:
    "Test mode: lets something go wrong at a provider's simulator, from the next call on. Once, unless `times` or `probability` says otherwise.",
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    ...providerInput(t),
    kind: t.field({ type: FaultKindEnum, required: true, description: 'What goes wrong.' }),
    operation: t.string({
      description:
        'Which calls of the API, as `METHOD /path` with `*` for anything, e.g. `POST /transaction/session-checkout*`; any when left out. What has no API is played beside it and named so, e.g. `POST /_sandbox/refunds/*/approve`.',
    }),
    times: t.int({ description: 'How often it strikes, 1 to 1000000; without end when only a probability is given.' }),
    probability: t.float({ description: 'The probability of striking, each time that it may: above 0, up to 1.' }),
    seed: t.string({ description: 'With a probability: the same seed strikes at the same turns.' }),
    delayMs: t.int({ description: 'For DELAY: how long in milliseconds, up to 60000; 1000 when left out.' }),
    retryAfter: t.int({ description: 'For RATE_LIMITED: the seconds of Retry-After; 1 when left out.' }),
  }),
  object: {
    name: 'fault',
    type: FaultRef,
    description: 'What is armed.',
    read: async (context, { provider, ...input }, { id }) =>
      // What has struck as often as it was to is not there any more.
      (await context.app.faults.list(actorOf(context), provider as Provider)).find((fault) => fault.id === id) ?? {
        ...input,
        id,
        times: 0,
      },
  },
  run: (app, call, input) => app.faults.inject(call, input),
})

mutation('clearFaults', {
  description: "Test mode: disarms everything at a provider's simulator.",
  scope: 'manager',
  idempotency: 'optional',
  input: providerInput,
  object: connectionObject,
  run: (app, call, input) => app.faults.clear(call, input),
})

mutation('resetSandbox', {
  description:
    "Test mode: empties a provider's simulator. Open checkouts become EXPIRED, subscriptions CANCELLED, refunds that are not over FAILED, each with the reason; products and customers stay, and are made there anew when they are next needed. The ledger is left as it is.",
  scope: 'manager',
  idempotency: 'optional',
  input: providerInput,
  object: connectionObject,
  run: (app, call, input) => app.sandbox.reset(call, input),
})

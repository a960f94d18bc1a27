import type { Done } from '../../kernel/actor.ts'
import { mutation } from '../mutation.ts'
import { WebhookKindEnum } from './webhook-endpoint.ts'

const SECRET = {
  name: 'secret',
  description: 'What messages are signed with: whsec_… It is shown this once; null when the answer is replayed.',
  value: (answer: { readonly secret?: string | undefined }) => answer.secret,
}

mutation<Done & { secret?: string | undefined }>('createWebhookEndpoint', {
  description: 'Makes an endpoint: at most 16 that hear of events, and 2 that are asked before money moves.',
  scope: 'manager',
  idempotency: 'optional',
  defaults: { types: [] },
  input: (t) => ({
    url: t.string({
      required: true,
      description: 'An absolute http or https address on the public network; https in live mode.',
    }),
    kind: t.field({ type: WebhookKindEnum, required: true, description: 'What it is for.' }),
    types: t.stringList({ description: 'The types of event that an EVENT endpoint hears of; all when left out.' }),
  }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint, without its secret.' },
  also: SECRET,
  run: (app, call, input) => app.webhooks.create(call, input),
})

mutation('updateWebhookEndpoint', {
  description: 'Changes an endpoint. What is left out stays. What is on its way to one that is switched off fails.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The endpoint.' }),
    url: t.string({ description: 'Where messages are sent from now on, those that wait among them.' }),
    types: t.stringList({ description: 'The types of event that it hears of from now on; empty for all.' }),
    active: t.boolean({ description: 'Whether it is sent anything.' }),
  }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint.' },
  run: (app, call, input) => app.webhooks.update(call, input),
})

mutation('deleteWebhookEndpoint', {
  description: 'Ends an endpoint at once. What was sent to it stays listed; what is on its way fails.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The endpoint.' }) }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint that ended.' },
  run: (app, call, input) => app.webhooks.remove(call, input),
})

mutation<Done & { secret?: string | undefined }>('rotateWebhookSecret', {
  description:
    'Gives an endpoint a new secret. For 24 hours the one before it signs too, so that every message can be verified with either.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The endpoint.' }) }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint.' },
  also: SECRET,
  run: (app, call, input) => app.webhooks.rotate(call, input),
})

mutation<Done & { next?: string | undefined }>('redeliverWebhook', {
  description:
    'Makes a delivery due again at once, or all those of an endpoint since an event: also of events from before the endpoint was made, if they are of its types. Earlier tries stay listed.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    deliveryId: t.id({ description: 'The delivery, unless an endpoint is named.' }),
    endpointId: t.id({ description: 'The endpoint, unless a delivery is named.' }),
    since: t.string({
      description:
        'With an endpoint: the cursor of the event after which to begin; from the first event when left out.',
    }),
  }),
  object: {
    name: 'webhookDelivery',
    kind: 'WebhookDelivery',
    description: 'The delivery; of many, the first.',
  },
  also: {
    name: 'next',
    description:
      'Where there were more than 10,000 events: the cursor of the last that was taken, to go on from as `since`. Null otherwise, and when the answer is replayed.',
    value: (answer) => answer.next,
  },
  run: (app, call, input) => app.webhooks.redeliver(call, input),
})

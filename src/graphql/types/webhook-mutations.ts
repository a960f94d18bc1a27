import type { Done } from '../../kernel/actor.ts'
import { DomainError, type Problem } from '../../kernel/errors.ts'
import { mutation } from '../mutation.ts'
import { EventTypeEnum } from './event-type.ts'
import { WebhookKindEnum } from './webhook-endpoint.ts'

const SECRET = {
  name: 'secret',
  description: 'The secret that signs the webhooks: whsec_… It is shown only once: null when the answer is replayed.',
  value: (answer: { readonly secret?: string | undefined }) => answer.secret,
}

/** Runs it with the event types of either field; of both, with what either names. What is wrong is told of the field that was sent. */
async function withTypes<Answer>(
  { eventTypes, types, ...input }: Readonly<Record<string, unknown>>,
  run: (input: object) => Promise<Answer>,
): Promise<Answer> {
  if (eventTypes == null) return run({ ...input, types })
  const first = (types ?? []) as readonly string[]
  try {
    return await run({ ...input, types: [...first, ...(eventTypes as readonly string[])] })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    const [problem, ...others] = error.problems.map((each) => ofEventTypes(each, first.length))
    throw problem ? new DomainError(problem, ...others) : error
  }
}

function ofEventTypes(problem: Problem, before: number): Problem {
  const [name, index] = problem.field ?? []
  const place = index === undefined ? undefined : Number(index)
  if (name !== 'types' || (place !== undefined && place < before)) return problem
  return { ...problem, field: ['eventTypes', ...(place === undefined ? [] : [String(place - before)])] }
}

mutation<Done & { secret?: string | undefined }>('createWebhookEndpoint', {
  description: 'Creates a webhook endpoint. There can be 16 EVENT endpoints and 2 PREFLIGHT endpoints.',
  scope: 'manager',
  idempotency: 'optional',
  defaults: { types: [] },
  input: (t) => ({
    url: t.string({
      required: true,
      description: 'An absolute http or https URL on the public internet; in live mode only https.',
    }),
    kind: t.field({ type: WebhookKindEnum, required: true, description: 'The purpose of the endpoint.' }),
    eventTypes: t.field({
      type: [EventTypeEnum],
      description: 'The event types that an EVENT endpoint receives. The default, also of an empty list, is all types.',
    }),
    types: t.stringList({
      description: 'The event types that an EVENT endpoint receives, e.g. payment.completed. The default is all types.',
      deprecationReason: 'Use `eventTypes`.',
    }),
  }),
  object: {
    name: 'webhookEndpoint',
    kind: 'WebhookEndpoint',
    description: 'The endpoint that was created, without its secret.',
  },
  also: SECRET,
  run: (app, call, input) => withTypes(input, (wanted) => app.webhooks.create(call, wanted)),
})

mutation('updateWebhookEndpoint', {
  description:
    'Changes a webhook endpoint. Fields that are left out keep their value. When the endpoint is disabled, its pending deliveries fail.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the endpoint.' }),
    url: t.string({ description: 'The URL that receives the webhooks, including pending deliveries.' }),
    eventTypes: t.field({
      type: [EventTypeEnum],
      description: 'The event types that the endpoint receives. An empty list means all types.',
    }),
    types: t.stringList({
      description: 'The event types that the endpoint receives, e.g. payment.completed. An empty list means all types.',
      deprecationReason: 'Use `eventTypes`.',
    }),
    active: t.boolean({ description: 'Whether webhooks are sent to the endpoint.' }),
  }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint after the change.' },
  run: (app, call, input) => withTypes(input, (wanted) => app.webhooks.update(call, wanted)),
})

mutation('deleteWebhookEndpoint', {
  description: 'Deletes a webhook endpoint. Its past deliveries stay listed; pending ones fail.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the endpoint.' }) }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint that was deleted.' },
  run: (app, call, input) => app.webhooks.remove(call, input),
})

mutation<Done & { secret?: string | undefined }>('rotateWebhookSecret', {
  description:
    'Gives a webhook endpoint a new secret. For 24 hours webhooks are signed with both the new and the previous secret.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the endpoint.' }) }),
  object: { name: 'webhookEndpoint', kind: 'WebhookEndpoint', description: 'The endpoint after the change.' },
  also: SECRET,
  run: (app, call, input) => app.webhooks.rotate(call, input),
})

mutation<Done & { next?: string | undefined }>('redeliverWebhook', {
  description:
    'Delivers again at once: one delivery, or all events for an endpoint from a cursor on. That includes events from before the endpoint was created, if they have one of its types. Past attempts stay listed.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    deliveryId: t.id({ description: 'The id of the delivery. Give either this or `endpointId`.' }),
    endpointId: t.id({ description: 'The id of the endpoint. Give either this or `deliveryId`.' }),
    since: t.string({
      description:
        'With `endpointId`: the cursor of an event. The events after it are delivered. The default is to start with the first event.',
    }),
  }),
  object: {
    name: 'webhookDelivery',
    kind: 'WebhookDelivery',
    description: 'The delivery. Of several, the first.',
  },
  also: {
    name: 'next',
    description:
      'The cursor of the last event that was included, when there were more than 10,000 events. Pass it as `since` to continue. Null otherwise, and when the answer is replayed.',
    value: (answer) => answer.next,
  },
  run: (app, call, input) => app.webhooks.redeliver(call, input),
})

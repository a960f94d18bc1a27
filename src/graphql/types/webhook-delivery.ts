import { atLeast, below, type Condition, equals, oneOf } from '../../db/condition.ts'
import type { DeliveryStatus } from '../../db/generated/enums.ts'
import type { WebhookAttemptRow } from '../../db/rows.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { CheckoutRef, EventRef, WebhookDeliveryRef, WebhookEndpointRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

const DeliveryStatusEnum = builder.enumType('DeliveryStatus', {
  description: 'Where a delivery stands.',
  values: {
    PENDING: { description: 'It waits for its first or next try.' },
    DELIVERED: { description: 'It was answered with a status from 200 to 299.' },
    FAILED: { description: 'It was given up: after 24 hours, or because its endpoint was switched off.' },
  } satisfies Record<DeliveryStatus, object>,
})

const WebhookAttempt = builder.objectRef<WebhookAttemptRow>('WebhookAttempt').implement({
  description: 'One try of a delivery.',
  fields: (t) => ({
    at: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (attempt, args, context) => moment(attempt.at, args, context),
    }),
    durationMs: t.exposeInt('durationMs', { description: 'How long it took, in milliseconds.' }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'The HTTP status of the answer; null when none came.',
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why no answer came, or why it is no receipt, for people.',
    }),
    answer: t.exposeString('answer', {
      nullable: true,
      description: 'The first 1,024 bytes of the answer; null when none came.',
    }),
  }),
})

WebhookDeliveryRef.implement({
  description: 'One event on its way to one endpoint, or to the `webhookUrl` of a checkout.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: whd_…', resolve: ({ id }) => encodeId('WebhookDelivery', id) }),
    endpoint: t.field({
      type: WebhookEndpointRef,
      nullable: true,
      description: 'The endpoint; null when it goes to the address of a checkout.',
      resolve: (delivery, _args, { loaders }) => loaders.linked('webhook_endpoint', delivery.endpointId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description: 'The checkout whose `webhookUrl` it goes to; null when it goes to an endpoint.',
      resolve: (delivery, _args, { loaders }) => loaders.linked('checkout', delivery.checkoutId),
    }),
    event: t.field({
      type: EventRef,
      description: 'What it tells of.',
      resolve: async (delivery, _args, { loaders }) => {
        const event = await loaders.one('event', delivery.eventId)
        if (!event) throw new Error(`event ${delivery.eventId} of a delivery is gone`)
        return event
      },
    }),
    status: t.expose('status', { type: DeliveryStatusEnum, description: 'Where it stands.' }),
    tries: t.exposeInt('tries', { description: 'How often it was tried since it was last made due.' }),
    nextAttemptAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it is tried next, after those before it of the same entity; null once it is over.',
      resolve: (delivery, args, context) => momentOrNull(delivery.nextAttemptAt, args, context),
    }),
    deliveredAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it was received; null when it was not.',
      resolve: (delivery, args, context) => momentOrNull(delivery.deliveredAt, args, context),
    }),
    attempts: t.field({
      type: [WebhookAttempt],
      description: 'The latest hundred tries, oldest first.',
      resolve: ({ id }, _args, { loaders }) => loaders.attemptsOf(id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (delivery, args, context) => moment(delivery.createdAt, args, context),
    }),
  }),
})

const WebhookDeliveryFilter = builder.inputType('WebhookDeliveryFilter', {
  description: 'Which deliveries.',
  fields: (t) => ({
    endpointId: t.id({ description: 'Those to this endpoint.' }),
    status: t.field({ type: [DeliveryStatusEnum], description: 'Those that stand at one of these.' }),
    entityId: t.id({ description: 'Those that tell of this payment, checkout and so on.' }),
    types: t.stringList({ description: 'Those of events of these types, e.g. payment.completed.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

export const deliveries = list({
  name: 'WebhookDelivery',
  type: WebhookDeliveryRef,
  table: 'webhook_delivery',
  orders: {
    CREATED_AT: { column: 'id', description: 'When it was made.' },
    CURSOR: { column: 'cursor', description: 'The order in which the events were committed.' },
  },
  filter: {
    type: WebhookDeliveryFilter,
    conditions: ({ endpointId, status, entityId, types, createdFrom, createdBefore }) => [
      ...refersTo('endpoint_id', 'WebhookEndpoint', endpointId),
      ...(status ? [oneOf('status', status)] : []),
      ...(entityId != null ? [equals('entity_id', decodeId(entityId)?.uuid ?? null)] : []),
      ...(types ? [ofTypes(types)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

function ofTypes(types: readonly string[]): Condition {
  return {
    values: [types],
    sql: (alias, placeholder) => `EXISTS (SELECT FROM event AS about
      WHERE about.tenant_id = ${alias}.tenant_id AND about.id = ${alias}.event_id AND about.type = ANY (${placeholder}))`,
  }
}

builder.queryField('webhookDeliveries', (t) =>
  t.field({
    ...deliveries.field(t),
    description: 'What was sent or is to be sent, newest first.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => deliveries.open(context, args),
  }),
)

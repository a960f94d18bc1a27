import { atLeast, below, type Condition, equals, oneOf } from '../../db/condition.ts'
import type { DeliveryStatus } from '../../db/generated/enums.ts'
import type { WebhookAttemptRow } from '../../db/rows.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { CheckoutRef, EventRef, WebhookDeliveryRef, WebhookEndpointRef } from '../refs.ts'
import { attemptsOf } from '../relations.ts'
import { EventTypeEnum } from './event-type.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

const DeliveryStatusEnum = builder.enumType('DeliveryStatus', {
  description: 'The status of a webhook delivery.',
  values: {
    PENDING: { description: 'The delivery is waiting for its first or next attempt.' },
    DELIVERED: { description: 'The receiver answered with a status from 200 to 299.' },
    FAILED: { description: 'The delivery failed after 24 hours of attempts, or because its endpoint was disabled.' },
  } satisfies Record<DeliveryStatus, object>,
})

const WebhookAttempt = builder.objectRef<WebhookAttemptRow>('WebhookAttempt').implement({
  description: 'One attempt to deliver a webhook.',
  fields: (t) => ({
    at: t.field({
      ...momentField(t),
      description: 'When the attempt was made.',
      resolve: (attempt, args, context) => moment(attempt.at, args, context),
    }),
    durationMs: t.exposeInt('durationMs', { description: 'The duration of the attempt in milliseconds.' }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'The HTTP status of the answer. Null when there was no answer.',
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why the attempt failed, in words for people. Null when it succeeded.',
    }),
    answer: t.exposeString('answer', {
      nullable: true,
      description: "The first 1,024 bytes of the answer's body. Null when there was no answer.",
    }),
  }),
})

WebhookDeliveryRef.implement({
  description: 'The delivery of one event to one webhook endpoint, or to the `webhookUrl` of a checkout.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the delivery: whd_…', resolve: ({ id }) => encodeId('WebhookDelivery', id) }),
    endpoint: t.field({
      type: WebhookEndpointRef,
      nullable: true,
      description: 'The endpoint that receives the webhook. Null when it is sent to the `webhookUrl` of a checkout.',
      resolve: (delivery, _args, { loaders }) => loaders.linked('webhook_endpoint', delivery.endpointId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description: 'The checkout whose `webhookUrl` receives the webhook. Null when it is sent to an endpoint.',
      resolve: (delivery, _args, { loaders }) => loaders.linked('checkout', delivery.checkoutId),
    }),
    event: t.field({
      type: EventRef,
      description: 'The event that is delivered.',
      resolve: async (delivery, _args, { loaders }) => {
        const event = await loaders.one('event', delivery.eventId)
        if (!event) throw new Error(`event ${delivery.eventId} of a delivery is gone`)
        return event
      },
    }),
    status: t.expose('status', { type: DeliveryStatusEnum, description: 'The status of the delivery.' }),
    tries: t.exposeInt('tries', {
      description: 'The number of attempts since the delivery was created or last made due again.',
    }),
    nextAttemptAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'When the next attempt is due. Earlier deliveries about the same object come first. Null when no attempt follows.',
      resolve: (delivery, args, context) => momentOrNull(delivery.nextAttemptAt, args, context),
    }),
    deliveredAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the webhook was delivered. Null until then.',
      resolve: (delivery, args, context) => momentOrNull(delivery.deliveredAt, args, context),
    }),
    attempts: t.field({
      type: [WebhookAttempt],
      description: 'The attempts, oldest first. At most the latest 100.',
      resolve: ({ id }, _args, { loaders }) => attemptsOf(loaders, id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the delivery was created.',
      resolve: (delivery, args, context) => moment(delivery.createdAt, args, context),
    }),
  }),
})

const WebhookDeliveryFilter = builder.inputType('WebhookDeliveryFilter', {
  description: 'Conditions on a list of deliveries. A delivery must match all that are given.',
  fields: (t) => ({
    endpointId: t.id({ description: 'Deliveries to this endpoint.' }),
    status: t.field({ type: [DeliveryStatusEnum], description: 'Deliveries with one of these statuses.' }),
    entityId: t.id({ description: 'Deliveries about this object, given by its id.' }),
    eventTypes: t.field({
      type: [EventTypeEnum],
      description: 'Deliveries of events with one of these types. An empty list means all types.',
    }),
    types: t.stringList({
      description: 'Deliveries of events with one of these types, e.g. payment.completed.',
      deprecationReason: 'Use `eventTypes`.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Deliveries created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Deliveries created before this moment.' }),
  }),
})

export const deliveries = list({
  name: 'WebhookDelivery',
  type: WebhookDeliveryRef,
  table: 'webhook_delivery',
  orders: {
    CREATED_AT: { column: 'id', description: 'When the delivery was created.' },
    CURSOR: { column: 'cursor', description: 'The order in which the events were recorded.' },
  },
  filter: {
    type: WebhookDeliveryFilter,
    conditions: ({ endpointId, status, entityId, eventTypes, types, createdFrom, createdBefore }) => [
      ...refersTo('endpoint_id', 'WebhookEndpoint', endpointId),
      ...(status ? [oneOf('status', status)] : []),
      ...(entityId != null ? [equals('entity_id', decodeId(entityId)?.uuid ?? null)] : []),
      ...(eventTypes?.length ? [ofTypes(eventTypes)] : []),
      ...(types?.length ? [ofTypes(types)] : []),
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
    description: 'The webhook deliveries, newest first.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => deliveries.open(context, args),
  }),
)

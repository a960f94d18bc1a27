import { isNull } from '../../db/condition.ts'
import type { WebhookKind } from '../../db/generated/enums.ts'
import type { WebhookEndpointRow } from '../../db/rows.ts'
import { readRows } from '../../db/statement.ts'
import { isEventType } from '../../events/catalogue.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { WebhookEndpointRef } from '../refs.ts'
import { visible } from '../visibility.ts'
import { EventTypeEnum } from './event-type.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { deliveries } from './webhook-delivery.ts'

export const WebhookKindEnum = builder.enumType('WebhookKind', {
  description: 'The purpose of a webhook endpoint.',
  values: {
    EVENT: { description: 'The endpoint receives events after they happened.' },
    PREFLIGHT: { description: 'The endpoint is asked before money moves, and can refuse it.' },
  } satisfies Record<WebhookKind, object>,
})

WebhookEndpointRef.implement({
  description:
    'A URL of the merchant that receives webhooks, signed according to https://www.standardwebhooks.com. Redirects are not followed, and addresses outside the public internet are refused.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the endpoint: whe_…', resolve: ({ id }) => encodeId('WebhookEndpoint', id) }),
    url: t.exposeString('url', { description: 'The URL that receives the webhooks.' }),
    kind: t.expose('kind', { type: WebhookKindEnum, description: 'The purpose of the endpoint.' }),
    eventTypes: t.field({
      type: [EventTypeEnum],
      description: 'The event types that the endpoint receives. Empty means all types.',
      resolve: ({ types }) => types.filter(isEventType),
    }),
    types: t.exposeStringList('types', {
      description: 'The event types that the endpoint receives, e.g. payment.completed. Empty means all types.',
      deprecationReason: 'Use `eventTypes`, which are an enum.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether webhooks are sent to the endpoint.' }),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description: 'Why the gateway disabled the endpoint, in words for people. Null when it did not.',
    }),
    previousSecretEndsAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'Until when webhooks are also signed with the previous secret. Null when the secret was never rotated.',
      resolve: (endpoint, args, context) => momentOrNull(endpoint.previousEndsAt, args, context),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'The deliveries to the endpoint, newest first.',
      resolve: (endpoint, args, context) =>
        deliveries.open(context, args, {
          parentId: endpoint.id,
          belongs: (alias, parent) => `${alias}.endpoint_id = ${parent}`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the endpoint was created.',
      resolve: (endpoint, args, context) => moment(endpoint.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When the endpoint was last changed.',
      resolve: (endpoint, args, context) => moment(endpoint.updatedAt, args, context),
    }),
  }),
})

builder.queryField('webhookEndpoints', (t) =>
  t.field({
    type: [WebhookEndpointRef],
    description: 'The webhook endpoints of both kinds, oldest first. PREFLIGHT endpoints are asked in this order.',
    authScopes: { manager: true },
    resolve: async (_root, _args, { app, caller }) => {
      const where = [...visible(caller, 'webhook_endpoint'), isNull('deleted_at')]
      const found = await readRows<WebhookEndpointRow>(app.db, 'webhook_endpoint', where)
      return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))
    },
  }),
)

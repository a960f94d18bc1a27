import { isNull } from '../../db/condition.ts'
import type { WebhookKind } from '../../db/generated/enums.ts'
import type { WebhookEndpointRow } from '../../db/rows.ts'
import { readRows } from '../../db/statement.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { WebhookEndpointRef } from '../refs.ts'
import { visible } from '../visibility.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { deliveries } from './webhook-delivery.ts'

export const WebhookKindEnum = builder.enumType('WebhookKind', {
  description: 'What an endpoint is for.',
  values: {
    EVENT: { description: 'It hears of what happened, afterwards.' },
    PREFLIGHT: { description: 'It is asked before money moves, and may refuse.' },
  } satisfies Record<WebhookKind, object>,
})

WebhookEndpointRef.implement({
  description:
    "An address of the merchant's that messages are sent to, signed as https://www.standardwebhooks.com says. Redirects are not followed, and addresses outside of the public network are never reached.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: whe_…', resolve: ({ id }) => encodeId('WebhookEndpoint', id) }),
    url: t.exposeString('url', { description: 'Where messages are sent.' }),
    kind: t.expose('kind', { type: WebhookKindEnum, description: 'What it is for.' }),
    types: t.exposeStringList('types', {
      description: 'The types of event that it hears of, e.g. payment.completed; empty for all.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether it is sent anything.' }),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description: 'Why it was switched off by itself, for people; null when it was not.',
    }),
    previousSecretEndsAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'Until when the secret before the last rotation signs too; null when it was never rotated.',
      resolve: (endpoint, args, context) => momentOrNull(endpoint.previousEndsAt, args, context),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'What was sent to it, newest first.',
      resolve: (endpoint, args, context) =>
        deliveries.open(context, args, {
          parentId: endpoint.id,
          belongs: (alias, parent) => `${alias}.endpoint_id = ${parent}`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (endpoint, args, context) => moment(endpoint.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When it was last changed.',
      resolve: (endpoint, args, context) => moment(endpoint.updatedAt, args, context),
    }),
  }),
})

builder.queryField('webhookEndpoints', (t) =>
  t.field({
    type: [WebhookEndpointRef],
    description: 'The endpoints of both kinds, oldest first: the order in which PREFLIGHT ones are asked.',
    authScopes: { manager: true },
    resolve: async (_root, _args, { app, caller }) => {
      const where = [...visible(caller, 'webhook_endpoint'), isNull('deleted_at')]
      const found = await readRows<WebhookEndpointRow>(app.db, 'webhook_endpoint', where)
      return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))
    },
  }),
)

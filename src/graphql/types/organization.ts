import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { OrganizationRef } from '../refs.ts'
import { ProviderConnectionRef } from './provider.ts'

OrganizationRef.implement({
  description: 'Who runs the shop.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: org_…', resolve: ({ id }) => encodeId('Organization', id) }),
    name: t.exposeString('name', { description: 'Its name, as customers see it.' }),
    connections: t.field({
      type: [ProviderConnectionRef],
      description: 'The providers that it is connected with, in the mode of the key.',
      resolve: async (_organization, _args, context) => [
        ...(await context.app.connections.list(actorOf(context).tenantId)),
      ],
    }),
  }),
})

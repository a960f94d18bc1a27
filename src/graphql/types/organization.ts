import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
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
    clientAuthenticationUrl: t.string({
      nullable: true,
      description:
        'The endpoint that is asked about the tokens of your own clients, in the mode of the key; null when they show none. For managers.',
      authScopes: { manager: true },
      resolve: (_organization, _args, context) => context.app.clientAuthentication.urlOf(actorOf(context).tenantId),
    }),
  }),
})

mutation('setClientAuthentication', {
  description:
    'Sets the endpoint that is asked, by `GET <url>?access_token=<token>&action=<organization>.<user>.<field>.<query|mutation|subscription>`, whether a client of yours may do what it asks for. From then on each operation of a secret key needs the token of a client, as the password of HTTP Basic or in X-Client-Token. 2XX lets it pass; 403 is FORBIDDEN, any other 4XX UNAUTHENTICATED, all else PRECONDITION_FAILED; an answer counts for 30 seconds. For an OWNER; alone in its operation it needs no token.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    url: t.string({ description: 'An http or https address, in live mode https; null turns the check off.' }),
  }),
  object: { name: 'organization', kind: 'Organization', description: 'The organization.' },
  run: (app, call, input) => app.clientAuthentication.set(call, input),
})

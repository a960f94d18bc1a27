import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { OrganizationRef } from '../refs.ts'
import { ConnectedProviderRef } from './provider.ts'

OrganizationRef.implement({
  description: 'A merchant that uses the gateway.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the organization: org_…', resolve: ({ id }) => encodeId('Organization', id) }),
    name: t.exposeString('name', { description: 'The name of the organization, as customers see it.' }),
    connections: t.field({
      type: [ConnectedProviderRef],
      description: 'The connections with providers, in the mode of the key.',
      resolve: async (_organization, _args, context) => [
        ...(await context.app.connections.list(actorOf(context).tenantId)),
      ],
    }),
    clientAuthenticationUrl: t.string({
      nullable: true,
      description:
        "The URL of the merchant's endpoint that checks the tokens of its own clients, in the mode of the key. Null when no client tokens are required. Only for keys with the role OWNER or ADMIN.",
      authScopes: { manager: true },
      resolve: (_organization, _args, context) => context.app.clientAuthentication.urlOf(actorOf(context).tenantId),
    }),
    uniqueReferences: t.boolean({
      description:
        'Whether a reference can be used by one checkout only, in the mode of the key. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      resolve: (_organization, _args, context) => context.app.checkouts.areReferencesUnique(actorOf(context).tenantId),
    }),
  }),
})

mutation('setUniqueReferences', {
  description:
    "Decides whether a reference can be used by one checkout only, in the mode of the key. When it can, `createCheckout` with a reference that is in use is refused with the error `ReferenceInUse`, which names the existing checkout. A checkout that FAILED, EXPIRED or was CANCELLED without money, or whose money was refunded in full, frees its reference. The references of a seller's checkouts and of the organization's are independent of each other. Existing checkouts stay as they are. Only for keys with the role OWNER or ADMIN.",
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    unique: t.boolean({
      required: true,
      description: 'Whether references must be unique. The initial value is false.',
    }),
  }),
  object: { name: 'organization', kind: 'Organization', description: 'The organization after the change.' },
  run: (app, call, input) => app.checkouts.setUniqueReferences(call, input),
})

mutation('setClientAuthentication', {
  description:
    "Sets the endpoint that decides whether one of the merchant's own clients may perform an operation. The gateway asks it with `GET <url>?access_token=<token>&action=<organization>.<user>.<field>.<query|mutation|subscription>`. Once it is set, each operation of a secret key must carry a client token, as the password of HTTP Basic or in the header X-Client-Token. A 2XX answer allows the operation; 403 refuses it with FORBIDDEN, any other 4XX with UNAUTHENTICATED, and everything else with PRECONDITION_FAILED. An answer is reused for 30 seconds. Only for keys with the role OWNER; alone in its operation, this mutation needs no client token.",
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    url: t.string({ description: 'An http or https URL; in live mode only https. Null removes the check.' }),
  }),
  object: { name: 'organization', kind: 'Organization', description: 'The organization after the change.' },
  run: (app, call, input) => app.clientAuthentication.set(call, input),
})

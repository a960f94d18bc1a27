import { withNotes } from '../../providers/notes.ts'
import { actorOf, type Context } from '../context.ts'
import { mutation } from '../mutation.ts'
import { ConnectedProviderRef, ProviderEnum } from './provider.ts'

/** The connection with the provider that the input names, as what a mutation answers with. */
export const connectionObject = {
  name: 'connection',
  type: ConnectedProviderRef,
  description: 'The connection with the provider.',
  async read(context: Context, { provider }: Readonly<Record<string, unknown>>) {
    const connections = await context.app.connections.list(actorOf(context).tenantId)
    return connections.find((connection) => connection.provider === provider) ?? null
  },
}

mutation('connectProvider', {
  description:
    'Connects the organization with its own account at a provider, in the mode of the key. It replaces the existing connection with that provider. The gateway tests the credentials at the provider before it stores them encrypted; they cannot be read again. Only for keys with the role OWNER.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    provider: t.field({ type: ProviderEnum, required: true, description: 'The provider.' }),
    credentials: t.field({
      type: 'JSON',
      required: true,
      description: withNotes(
        'The credentials, under the names that the provider gives them (provider-specific). In test mode {} connects the simulator with credentials of its own.',
        'CREDENTIALS',
      ),
    }),
    baseUrl: t.string({
      description:
        "The base URL of the provider's API; in live mode only https. The default is the provider's own URL in live mode and the simulator in test mode.",
    }),
  }),
  object: connectionObject,
  run: (app, call, input) => app.connections.connect(call, input),
})

import { actorOf, type Context } from '../context.ts'
import { mutation } from '../mutation.ts'
import { ProviderConnectionRef, ProviderEnum } from './provider.ts'

/** The connection with the provider that the input names, as what a mutation answers with. */
export const connectionObject = {
  name: 'connection',
  type: ProviderConnectionRef,
  description: 'The connection with the provider.',
  async read(context: Context, { provider }: Readonly<Record<string, unknown>>) {
    const connections = await context.app.connections.list(actorOf(context).tenantId)
    return connections.find((connection) => connection.provider === provider) ?? null
  },
}

mutation('connectProvider', {
  description:
    'Connects the organization with its own account at a provider, in the mode of the key and in place of the connection before. The provider is asked whether it takes the credentials before they are kept, encrypted; nothing shows them again. For an OWNER.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    provider: t.field({ type: ProviderEnum, required: true, description: 'The provider.' }),
    credentials: t.field({
      type: 'JSON',
      required: true,
      description:
        "The credentials by the provider's names for them (provider-specific), e.g. apiKey and webhookSecret for QBITFLOW. Test mode: {} for the simulator, which has its own.",
    }),
    baseUrl: t.string({
      description:
        "The address of the provider's API; https in live mode. When left out: the provider's own in live mode, the simulator in test mode.",
    }),
  }),
  object: connectionObject,
  run: (app, call, input) => app.connections.connect(call, input),
})

import type { Mode } from '../../db/generated/enums.ts'
import type { ProviderLinkRow } from '../../db/rows.ts'
import { PROVIDERS } from '../../providers/providers.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import type { Connection } from '../services.ts'
import { moment, momentField } from './moment.ts'

export const ProviderEnum = builder.enumType('Provider', {
  description: 'A payment provider that the gateway supports.',
  values: Object.fromEntries(Object.entries(PROVIDERS).map(([name, { description }]) => [name, { description }])),
})

export const ModeEnum = builder.enumType('Mode', {
  description: 'Whether money is real. The two modes share no data: a test key never sees live data.',
  values: {
    TEST: { description: 'Test mode: no money is moved, and simulators take the place of providers.' },
    LIVE: { description: 'Live mode: real money at real providers.' },
  } satisfies Record<Mode, object>,
})

const CAPABILITIES = {
  CHECKOUTS: { description: 'Hosted pages for one payment.' },
  SUBSCRIPTIONS: { description: 'Subscriptions with a fixed price.' },
  PAY_AS_YOU_GO: { description: 'Subscriptions that bill the reported usage.' },
  PAYMENT_METHODS: { description: 'Saved payment methods.' },
  REFUNDS: { description: 'Refunds of payments.' },
  ISSUED_REFUNDS: { description: 'Refunds that the merchant issues with `createRefund`.' },
  MARKETS: { description: 'Quotes of exchange rates.' },
  ORDERS: { description: 'Market orders that buy or sell a currency.' },
  PAYOUTS: { description: 'Payouts to third parties.' },
  BALANCES: { description: "The balances of the merchant's account at the provider." },
  STATUS: { description: 'The status of a transaction.' },
  PAYMENT_LIST: { description: 'The list of all payments of the account.' },
}

const CapabilityEnum = builder.enumType('Capability', {
  description: 'A function that a provider supports.',
  values: CAPABILITIES,
})

const ProviderHealth = builder.enumType('ProviderHealth', {
  description: 'Whether a provider is reachable.',
  values: {
    UP: { description: 'The provider answers.' },
    DOWN: { description: 'The provider does not answer.' },
  },
})

/** Asking a provider takes as long as it takes to answer. A list counts for ten, and an operation may cost 5000. */
const PROBE_COST = 400

const SandboxAccess = builder.objectRef<NonNullable<Connection['sandbox']>>('SandboxAccess').implement({
  description: "How to reach a provider's simulator with the provider's own SDK.",
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The base URL of the simulated API.' }),
    credentials: t.field({
      type: 'JSON',
      description: 'The credentials, under the names that the provider gives them (provider-specific).',
      resolve: ({ credentials }) => credentials,
    }),
  }),
})

export const ConnectedProviderRef = builder.objectRef<Connection>('ConnectedProvider').implement({
  description: 'The connection of an organization with a provider, in one mode.',
  fields: (t) => ({
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider.' }),
    mode: t.field({
      type: ModeEnum,
      description: 'The mode of the connection, which is the mode of the key.',
      resolve: (_connection, _args, context) => actorOf(context).mode,
    }),
    capabilities: t.field({
      type: [CapabilityEnum],
      description:
        "The functions that are available through the connection. The provider's server is asked which routes it has when the account is connected, once a day (each hour while one is missing) and whenever a route turns out to be missing.",
      resolve: ({ capabilities }) =>
        capabilities.filter((name): name is keyof typeof CAPABILITIES => name in CAPABILITIES),
    }),
    health: t.field({
      type: ProviderHealth,
      description:
        'Whether the provider answers. The field asks the provider each time it is read, unless it could not be reached several times in a row: then it is DOWN until the gateway calls the provider again.',
      complexity: PROBE_COST,
      resolve: (connection) => connection.health(),
    }),
    baseUrl: t.exposeString('baseUrl', { description: "The base URL of the provider's API." }),
    notificationUrl: t.exposeString('notificationUrl', {
      description:
        "The URL to enter in the provider's dashboard as the receiver of its webhooks, in live mode. A simulator uses it automatically.",
    }),
    sandbox: t.field({
      type: SandboxAccess,
      nullable: true,
      description:
        'Test mode only. The URL and credentials of the simulator. Null in live mode, and for keys with the role USER.',
      resolve: ({ sandbox }, _args, context) => (actorOf(context).role === 'USER' ? null : (sandbox ?? null)),
    }),
  }),
})

export const ProviderLinkRef = builder.objectRef<ProviderLinkRow>('ProviderLink').implement({
  description: 'The id of an object at a provider that stores a copy of it.',
  fields: (t) => ({
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider.' }),
    externalId: t.exposeString('externalId', {
      description: 'The id of the object at the provider (provider-specific).',
    }),
    syncedAt: t.field({
      ...momentField(t),
      description: 'When the copy was last updated at the provider.',
      resolve: (link, args, context) => moment(link.syncedAt, args, context),
    }),
  }),
})

builder.queryField('providers', (t) =>
  t.field({
    type: [ConnectedProviderRef],
    description: 'The connections of the organization with providers, in the mode of the key.',
    authScopes: { key: true },
    resolve: async (_root, _args, context) => [...(await context.app.connections.list(actorOf(context).tenantId))],
  }),
)

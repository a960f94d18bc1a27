import type { Mode, Provider } from '../../db/generated/enums.ts'
import type { ProviderLinkRow } from '../../db/rows.ts'
import { builder } from '../builder.ts'
import { actorOf, type Connection } from '../context.ts'
import { moment, momentField } from './moment.ts'

export const ProviderEnum = builder.enumType('Provider', {
  description: 'A payment provider that the gateway speaks to.',
  values: {
    QBITFLOW: { description: 'QBitFlow: hosted crypto checkouts.' },
    QBITPAY: { description: 'QbitPay: charges, market orders, payouts and balances.' },
    QFPAY: { description: 'QFPay: recurring card billing.' },
  } satisfies Record<Provider, object>,
})

export const ModeEnum = builder.enumType('Mode', {
  description: 'Whether money is real. The two share nothing: a test key never sees live data.',
  values: {
    TEST: { description: 'Nothing is real: providers are simulators.' },
    LIVE: { description: 'Real money at real providers.' },
  } satisfies Record<Mode, object>,
})

const CAPABILITIES = {
  CHECKOUTS: { description: 'Hosted pages for one payment.' },
  SUBSCRIPTIONS: { description: 'Recurring payments.' },
  PAY_AS_YOU_GO: { description: 'Recurring payments for what was used.' },
  PAYMENT_METHODS: { description: 'Saved payment methods.' },
  REFUNDS: { description: 'Giving money back.' },
  MARKETS: { description: 'Quotes of exchange rates.' },
  ORDERS: { description: 'Buying and selling at a market.' },
  PAYOUTS: { description: 'Sending money out.' },
  BALANCES: { description: 'Telling what it holds for us.' },
  STATUS: { description: 'Telling where a transaction stands.' },
}

const CapabilityEnum = builder.enumType('Capability', {
  description: 'What a provider can do.',
  values: CAPABILITIES,
})

const ProviderHealth = builder.enumType('ProviderHealth', {
  description: 'Whether a provider answers.',
  values: {
    UP: { description: 'It answers.' },
    DOWN: { description: 'It does not answer.' },
  },
})

/** Asking a provider takes as long as it takes to answer. */
const PROBE_COST = 500

const SandboxAccess = builder.objectRef<NonNullable<Connection['sandbox']>>('SandboxAccess').implement({
  description: "How a provider's own SDK reaches its simulator.",
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The base address of the simulated API.' }),
    credentials: t.field({
      type: 'JSON',
      description: "The credentials by the provider's names for them (provider-specific).",
      resolve: ({ credentials }) => credentials,
    }),
  }),
})

export const ProviderConnectionRef = builder.objectRef<Connection>('ProviderConnection').implement({
  description: 'The connection of an organization with a provider, in one mode.',
  fields: (t) => ({
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider.' }),
    mode: t.field({
      type: ModeEnum,
      description: 'Which mode the connection serves: that of the key.',
      resolve: (_connection, _args, context) => actorOf(context).mode,
    }),
    capabilities: t.field({
      type: [CapabilityEnum],
      description: 'What can be done through it.',
      resolve: ({ capabilities }) =>
        capabilities.filter((name): name is keyof typeof CAPABILITIES => name in CAPABILITIES),
    }),
    health: t.field({
      type: ProviderHealth,
      description: 'Whether it answers; it is asked now.',
      complexity: PROBE_COST,
      resolve: (connection) => connection.health(),
    }),
    baseUrl: t.exposeString('baseUrl', { description: "The address of the provider's API." }),
    notificationUrl: t.exposeString('notificationUrl', {
      description:
        "The address to enter in the provider's dashboard for its webhooks, in live mode. A simulator knows it by itself.",
    }),
    sandbox: t.field({
      type: SandboxAccess,
      nullable: true,
      description:
        "Test mode: the simulator's address and credentials, to point the provider's own SDK at it. For OWNER and ADMIN; null for others and in live mode.",
      resolve: ({ sandbox }, _args, context) => (actorOf(context).role === 'USER' ? null : (sandbox ?? null)),
    }),
  }),
})

export const ProviderLinkRef = builder.objectRef<ProviderLinkRow>('ProviderLink').implement({
  description: 'What one of our objects is called at a provider.',
  fields: (t) => ({
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider.' }),
    externalId: t.exposeString('externalId', { description: "The provider's id for it (provider-specific)." }),
    syncedAt: t.field({
      ...momentField(t),
      description: 'When the provider was last given what we have.',
      resolve: (link, args, context) => moment(link.syncedAt, args, context),
    }),
  }),
})

builder.queryField('providers', (t) =>
  t.field({
    type: [ProviderConnectionRef],
    description: 'The providers that the organization is connected with, in the mode of the key.',
    authScopes: { key: true },
    resolve: async (_root, _args, context) => [...(await context.app.connections.list(actorOf(context).tenantId))],
  }),
)

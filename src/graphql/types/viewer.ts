import type { Actor } from '../../kernel/actor.ts'
import type { Standing } from '../../organizations/rate-limit.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { ApiKeyRef, OrganizationRef, UserRef } from '../refs.ts'
import { ownKey } from '../relations.ts'
import { AttentionRef, notificationsOf } from './attention.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { ModeEnum } from './provider.ts'
import { timezoneArg, zoneOf } from './stats.ts'

const RateLimit = builder.objectRef<Standing>('RateLimit').implement({
  description: 'The rate limit of a key in a window of 15 minutes.',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'The number of requests that the key may make in one window.' }),
    remaining: t.exposeInt('remaining', {
      description: 'The number of requests left in the current window, after this request.',
    }),
    resetAt: t.field({
      ...momentField(t),
      description: 'When the next window starts.',
      resolve: ({ resetAt }, args, context) => moment(resetAt, args, context),
    }),
  }),
})

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'The caller: the key of the request and what it belongs to.',
  fields: (t) => ({
    organization: t.field({
      type: OrganizationRef,
      description: 'The organization that the key belongs to.',
      resolve: async (actor, _args, { loaders }) => {
        const organization = await loaders.one('organization', actor.organizationId)
        if (!organization) throw new Error(`organization ${actor.organizationId} of a key is gone`)
        return organization
      },
    }),
    user: t.field({
      type: UserRef,
      nullable: true,
      description: 'The user who owns the key. Null for a key of the organization.',
      resolve: (actor, _args, { loaders }) => loaders.linked('app_user', actor.userId),
    }),
    apiKey: t.field({
      type: ApiKeyRef,
      description: 'The key of the request.',
      resolve: async (actor, _args, { loaders }) => {
        const key = await ownKey(loaders, actor)
        if (!key) throw new Error(`key ${actor.apiKeyId} is gone`)
        return key
      },
    }),
    rateLimit: t.field({
      type: RateLimit,
      description: 'The rate limit of the key. The X-RateLimit response headers contain the same values.',
      resolve: (_actor, _args, { rateLimit }) => {
        if (!rateLimit) throw new Error('a request of a key was not counted')
        return rateLimit
      },
    }),
    mode: t.expose('mode', { type: ModeEnum, description: 'The mode of the key.' }),
    webhookSecret: t.string({
      description:
        'The secret that signs webhooks to the `webhookUrl` of a checkout: whsec_… Webhook endpoints have secrets of their own. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      resolve: ({ tenantId }, _args, { app }) => app.webhooks.checkoutSecret(tenantId),
    }),
    attention: t.field({
      type: AttentionRef,
      description: 'What needs attention, and how much is on its way. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      resolve: (actor) => actor,
    }),
    notifications: t.stringList({
      deprecationReason: 'Use `attention { notifications { … } }`, which is typed.',
      description:
        'The things that need attention, as English sentences: money on the suspense account, webhook endpoints that were disabled, operations that were given up or are unresolved for long, keys that expire within a week, and a scheduled removal of data. Times are in the time zone of the Time-Zone header, otherwise UTC. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      resolve: async ({ tenantId }, _args, context) =>
        (await notificationsOf(tenantId, context)).map(({ message }) => message),
    }),
    counters: t.field({
      type: 'JSON',
      deprecationReason: 'Use `attention { counters { … } }`, which is typed.',
      description:
        'An object of counts: `openCheckouts`, `checkoutsInDoubt` (status UNKNOWN), `paymentsToday`, `failedDeliveries`, `pendingDeliveries`, `inboxWaiting` (provider webhooks that are not processed yet) and `heldTransactions`. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      args: timezoneArg(t),
      resolve: ({ tenantId }, { timezone }, context) =>
        context.app.attention.counters(tenantId, zoneOf(timezone, context)),
    }),
    dataRemovalDueAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'When all data in the mode of the key will be removed. Null when no removal is scheduled. Only for keys with the role OWNER or ADMIN.',
      authScopes: { manager: true },
      resolve: async ({ tenantId }, args, context) =>
        momentOrNull(await context.app.removal.dueAt(tenantId), args, context),
    }),
    testClock: t.field({
      ...momentField(t),
      nullable: true,
      description: 'Test mode only. The current time of the test clock. Null in live mode.',
      resolve: async (actor, args, context) =>
        actor.mode === 'TEST' ? moment(await context.app.clocks.now(actor.tenantId), args, context) : null,
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Returns the caller: the key of the request and what it belongs to.',
    authScopes: { key: true },
    resolve: (_root, _args, context) => actorOf(context),
  }),
)

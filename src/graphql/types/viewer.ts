import type { Actor } from '../../kernel/actor.ts'
import type { Standing } from '../../organizations/rate-limit.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { ApiKeyRef, OrganizationRef, UserRef } from '../refs.ts'
import { inTimezone } from '../timezone.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { ModeEnum } from './provider.ts'
import { timezoneArg, zoneOf } from './stats.ts'

const RateLimit = builder.objectRef<Standing>('RateLimit').implement({
  description: 'How much a key has left of what it may ask for in a window of 15 minutes.',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'How many requests it may make in a window.' }),
    remaining: t.exposeInt('remaining', { description: 'How many are left in this one, after this request.' }),
    resetAt: t.field({
      ...momentField(t),
      description: 'When the next window begins.',
      resolve: ({ resetAt }, args, context) => moment(resetAt, args, context),
    }),
  }),
})

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Who asks.',
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
      description: 'The member whose key it is; null for a key of the organization.',
      resolve: (actor, _args, { loaders }) => loaders.linked('app_user', actor.userId),
    }),
    apiKey: t.field({
      type: ApiKeyRef,
      description: 'The key itself.',
      resolve: async (actor, _args, { loaders }) => {
        const key = await loaders.own(actor)
        if (!key) throw new Error(`key ${actor.apiKeyId} is gone`)
        return key
      },
    }),
    rateLimit: t.field({
      type: RateLimit,
      description: 'How many more requests the key may make, as the X-RateLimit headers say too.',
      resolve: (_actor, _args, { rateLimit }) => {
        if (!rateLimit) throw new Error('a request of a key was not counted')
        return rateLimit
      },
    }),
    mode: t.expose('mode', { type: ModeEnum, description: 'Which mode the key is for.' }),
    webhookSecret: t.string({
      description: 'What messages to the `webhookUrl` of a checkout are signed with: whsec_… Endpoints have their own.',
      authScopes: { manager: true },
      resolve: ({ tenantId }, _args, { app }) => app.webhooks.checkoutSecret(tenantId),
    }),
    notifications: t.stringList({
      description:
        'What needs a person, in plain English: money that waits on the suspense account, endpoints that were switched off, what was given up or is in doubt for long, keys that expire within a week, a removal of data to come. Moments are in the time zone of the Time-Zone header, else UTC. For managers.',
      authScopes: { manager: true },
      resolve: ({ tenantId }, _args, { app, timezone }) =>
        app.attention.notifications(tenantId, (at) => (timezone ? inTimezone(at, timezone) : at.toISOString())),
    }),
    counters: t.field({
      type: 'JSON',
      description:
        'How much of what there is: `openCheckouts`, `checkoutsInDoubt`, `paymentsToday`, `failedDeliveries`, `pendingDeliveries`, `inboxWaiting`, `heldTransactions`. For managers.',
      authScopes: { manager: true },
      args: timezoneArg(t),
      resolve: ({ tenantId }, { timezone }, context) =>
        context.app.attention.counters(tenantId, zoneOf(timezone, context)),
    }),
    dataRemovalDueAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'When all data in the mode of the key will be removed; null when nobody has asked for that. For managers.',
      authScopes: { manager: true },
      resolve: async ({ tenantId }, args, context) =>
        momentOrNull(await context.app.removal.dueAt(tenantId), args, context),
    }),
    testClock: t.field({
      ...momentField(t),
      nullable: true,
      description: 'Test mode: the time as the test clock has it. Null in live mode.',
      resolve: async (actor, args, context) =>
        actor.mode === 'TEST' ? moment(await context.app.clocks.now(actor.tenantId), args, context) : null,
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Who asks: the key of the request and what it belongs to.',
    authScopes: { key: true },
    resolve: (_root, _args, context) => actorOf(context),
  }),
)

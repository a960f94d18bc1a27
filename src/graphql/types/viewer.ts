import type { Actor } from '../../kernel/actor.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { ApiKeyRef, OrganizationRef, UserRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'
import { ModeEnum } from './provider.ts'

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
    mode: t.expose('mode', { type: ModeEnum, description: 'Which mode the key is for.' }),
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

import { equals, isNull } from '../../db/condition.ts'
import type { Done } from '../../kernel/actor.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { refersTo } from '../filters.ts'
import { mutation } from '../mutation.ts'
import { ApiKeyRef, UserRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { ModeEnum } from './provider.ts'
import { RoleEnum } from './user.ts'

const KEYS_AT_MOST = 500

ApiKeyRef.implement({
  description: 'A secret key. The key itself is shown once, when it is made.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: key_…', resolve: ({ id }) => encodeId('ApiKey', id) }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    prefix: t.exposeString('prefix', { description: 'How the key begins: sk_test_ or sk_live_.' }),
    last4: t.exposeString('last4', { description: 'How the key ends.' }),
    role: t.expose('role', { type: RoleEnum, description: 'What the key may do.' }),
    mode: t.field({
      type: ModeEnum,
      description: 'Which mode the key is for.',
      // A key is only ever seen by keys of its own tenant, which is of one mode.
      resolve: (_key, _args, context) => actorOf(context).mode,
    }),
    user: t.field({
      type: UserRef,
      nullable: true,
      description: 'The member whose key it is; null for a key of the organization.',
      resolve: (key, _args, { loaders }) => loaders.linked('app_user', key.userId),
    }),
    rateLimit: t.exposeInt('rateLimit', {
      description:
        'How many requests it may make in 15 minutes. The requests of all keys of one member count for each of them.',
    }),
    expiresAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it ends; null when it does not.',
      resolve: (key, args, context) => momentOrNull(key.expiresAt, args, context),
    }),
    lastUsedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it was last used, to within minutes; null when never.',
      resolve: (key, args, context) => momentOrNull(key.lastUsedAt, args, context),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (key, args, context) => moment(key.createdAt, args, context),
    }),
  }),
})

builder.queryField('apiKeys', (t) =>
  t.field({
    type: [ApiKeyRef],
    description:
      "The secret keys that were not deleted: one's own, which for a key of the organization are the organization's, or those of a user, newest first. At most 500.",
    authScopes: { key: true },
    complexity: { field: 1, multiplier: 20 },
    args: { userId: t.arg.id({ description: "Whose; one's own when left out. A seller sees its own alone." }) },
    resolve: async (_root, { userId }, context) => {
      const { userId: own } = actorOf(context)
      const whose =
        userId == null
          ? [own === null ? isNull('user_id') : equals('user_id', own)]
          : refersTo('user_id', 'User', userId)
      return context.loaders.list('api_key', [...whose, isNull('deleted_at')], KEYS_AT_MOST)
    },
  }),
)

mutation<Done & { secret?: string | undefined }>('createApiKey', {
  description:
    "Makes a secret key in the mode of the key that asks, which may do no more than that one. What a member's key makes belongs to the member, or to a member of a lower role; keys of the organization are made by its own keys. A seller makes keys for itself alone. A user may have 20 keys in a mode and the organization 100 of its own, counting those that were deleted in the last 24 hours: beyond that it is LIMIT_REACHED.",
  idempotency: 'optional',
  input: (t) => ({
    name: t.string({ required: true, description: 'What people will call it.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'What it may do; not more than the key that asks.' }),
    userId: t.id({
      description:
        "The member whose key it is to be, who may do at least as much. When left out: the member whose key asks, or the organization where the key that asks is the organization's.",
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When it ends. When left out: never for an OWNER, and otherwise when the key that asks ends; no later is allowed.',
    }),
    rateLimit: t.int({
      description:
        'How many requests it may make in 15 minutes: 1 to 1000000000. For managers to set; an ADMIN sets no more than the key that asks has. When left out 5000, or what the key that asks has if that is less; for oneself always what the key that asks has.',
    }),
  }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key, without its secret.' },
  also: {
    name: 'secret',
    description: 'The key itself. It is shown this once; null when the answer is replayed.',
    value: (answer) => answer.secret,
  },
  run: (app, call, input) => app.keys.create(call, input),
})

mutation('updateApiKey', {
  description:
    'Changes what is given of a secret key that the key that asks could make. A seller changes keys of its own alone.',
  idempotency: 'optional',
  nulls: ['expiresAt'],
  input: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: 'What people call it.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it ends; null for never. Unless an OWNER asks, no later than the key that asks.',
    }),
    rateLimit: t.int({
      description:
        'How many requests it may make in 15 minutes: 1 to 1000000000. For managers to set; an ADMIN sets no more than the key that asks has.',
    }),
  }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key as it is after the change.' },
  run: (app, call, input) => app.keys.update(call, input),
})

mutation('deleteApiKey', {
  description: 'Ends a secret key at once, and whatever it has open.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The key.' }) }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key that ended.' },
  run: async (app, call, input, context) => {
    const done = await app.keys.remove(call, input)
    context.sockets.closeKey(done.id)
    return done
  },
})

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
  description: 'A secret API key. The secret itself is shown only once, when the key is created.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the key: key_…', resolve: ({ id }) => encodeId('ApiKey', id) }),
    name: t.exposeString('name', { description: 'The display name of the key.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the secret: sk_test_ or sk_live_.' }),
    last4: t.exposeString('last4', { description: 'The last four characters of the secret.' }),
    role: t.expose('role', { type: RoleEnum, description: 'The role of the key, which decides what it may do.' }),
    mode: t.field({
      type: ModeEnum,
      description: 'The mode that the key gives access to.',
      // A key is only ever seen by keys of its own tenant, which is of one mode.
      resolve: (_key, _args, context) => actorOf(context).mode,
    }),
    user: t.field({
      type: UserRef,
      nullable: true,
      description: 'The user who owns the key. Null for a key of the organization.',
      resolve: (key, _args, { loaders }) => loaders.linked('app_user', key.userId),
    }),
    rateLimit: t.exposeInt('rateLimit', {
      description:
        'The number of requests that the key may make in 15 minutes. The requests of all keys of one user are counted together.',
    }),
    expiresAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the key expires. Null when it does not expire.',
      resolve: (key, args, context) => momentOrNull(key.expiresAt, args, context),
    }),
    lastUsedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the key was last used, accurate to a few minutes. Null when it was never used.',
      resolve: (key, args, context) => momentOrNull(key.lastUsedAt, args, context),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the key was created.',
      resolve: (key, args, context) => moment(key.createdAt, args, context),
    }),
  }),
})

builder.queryField('apiKeys', (t) =>
  t.field({
    type: [ApiKeyRef],
    description:
      "The secret keys that are not deleted, newest first, at most 500: the keys of the caller (for a key of the organization, the organization's keys), or those of the user `userId`.",
    authScopes: { key: true },
    complexity: { field: 1, multiplier: 20 },
    args: {
      userId: t.arg.id({
        description:
          'The id of the user whose keys to list. The default is the caller. A seller sees only its own keys.',
      }),
    },
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
    "Creates a secret key in the mode of the calling key. The new key cannot have more rights than the calling key. A key created by a user's key belongs to that user, or to a user with a lower role; keys of the organization can be created only by its own keys. A seller can create keys only for itself. A user can have 20 keys in a mode and the organization 100, including those deleted in the last 24 hours: more are refused with LIMIT_REACHED.",
  idempotency: 'optional',
  input: (t) => ({
    name: t.string({ required: true, description: 'The display name of the key.' }),
    role: t.field({
      type: RoleEnum,
      required: true,
      description: 'The role of the key. It cannot be higher than the role of the calling key.',
    }),
    userId: t.id({
      description:
        "The id of the user who will own the key. The user's role must be at least the role of the key. The default is the user who owns the calling key, or the organization when the calling key belongs to it.",
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the key expires. The default is never for an OWNER, and otherwise the expiry of the calling key, which cannot be exceeded.',
    }),
    rateLimit: t.int({
      description:
        "The number of requests that the key may make in 15 minutes: 1 to 1000000000. Only an OWNER or ADMIN can set it; an ADMIN cannot set more than the limit of the calling key. The default is 5000, or the limit of the calling key if that is lower; for a key of one's own it is always the limit of the calling key.",
    }),
  }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key that was created, without its secret.' },
  also: {
    name: 'secret',
    description: 'The secret of the key. It is shown only once: null when the answer is replayed.',
    value: (answer) => answer.secret,
  },
  run: (app, call, input) => app.keys.create(call, input),
})

mutation('updateApiKey', {
  description:
    'Changes a secret key that the calling key could have created. Fields that are left out keep their value. A seller can change only its own keys.',
  idempotency: 'optional',
  nulls: ['expiresAt'],
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the key.' }),
    name: t.string({ description: 'The display name of the key.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the key expires. Null means never. Unless the caller is an OWNER, it cannot be later than the expiry of the calling key.',
    }),
    rateLimit: t.int({
      description:
        'The number of requests that the key may make in 15 minutes: 1 to 1000000000. Only an OWNER or ADMIN can set it; an ADMIN cannot set more than the limit of the calling key.',
    }),
  }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key after the change.' },
  run: (app, call, input) => app.keys.update(call, input),
})

mutation('deleteApiKey', {
  description: 'Deletes a secret key. It stops working at once, and its open WebSocket connections are closed.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the key.' }) }),
  object: { name: 'apiKey', kind: 'ApiKey', description: 'The key that was deleted.' },
  run: async (app, call, input, context) => {
    const done = await app.keys.remove(call, input)
    context.sockets.closeKey(done.id)
    return done
  },
})

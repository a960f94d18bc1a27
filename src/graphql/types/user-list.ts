import { atLeast, below, bytewise, contains, isNull, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { present } from '../loaders.ts'
import { UserRef } from '../refs.ts'
import { RoleEnum } from './user.ts'

const UserFilter = builder.inputType('UserFilter', {
  description: 'Conditions on a list of users. A user must match all that are given.',
  fields: (t) => ({
    role: t.field({ type: [RoleEnum], description: 'Users with one of these roles.' }),
    claimed: t.boolean({ description: 'Users who claimed their account, or, when false, who did not.' }),
    search: t.string({
      description: 'Users whose name or e-mail address contains this text, ignoring case. Up to 100 characters.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Users created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Users created before this moment.' }),
  }),
})

const users = list({
  name: 'User',
  type: UserRef,
  table: 'app_user',
  where: [isNull('deleted_at')],
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the user was created.' },
    NAME: { column: bytewise('name'), description: 'The first name.' },
    LAST_NAME: { column: bytewise('last_name'), description: 'The last name.' },
  },
  filter: {
    type: UserFilter,
    conditions: ({ role, claimed, search, createdFrom, createdBefore }) => [
      ...(role ? [oneOf('role', role)] : []),
      ...(claimed != null ? [claimed ? IS_CLAIMED : isNull('claimed_at')] : []),
      ...(search ? [contains(['name', 'last_name', 'email'], search)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const IS_CLAIMED = { values: [], sql: (alias: string) => `${alias}.claimed_at IS NOT NULL` }

const UserBy = builder.inputType('UserBy', {
  description: 'Identifies one user by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({ id: t.id({ description: 'The id of the user.' }) }),
})

builder.queryFields((t) => ({
  user: t.field({
    type: UserRef,
    nullable: true,
    description: 'Returns one user. Null when it does not exist or the key has no access to it.',
    authScopes: { key: true },
    args: { by: t.arg({ type: UserBy, required: true, description: 'How the user is identified.' }) },
    resolve: async (_root, { by }, { loaders }) => {
      const decoded = decodeId(by.id ?? '')
      return decoded?.kind === 'User' ? present(await loaders.one('app_user', decoded.uuid)) : null
    },
  }),
  users: t.field({
    ...users.field(t),
    description: 'The users of the organization, newest first. A seller sees only itself.',
    authScopes: { key: true },
    resolve: (_root, args, context) => users.open(context, args),
  }),
}))

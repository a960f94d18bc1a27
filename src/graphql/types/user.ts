import type { Role } from '../../db/generated/enums.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { AccountRef, UserRef } from '../refs.ts'
import { earningsOf } from '../relations.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

export const RoleEnum = builder.enumType('Role', {
  description: 'What a user or key is allowed to do.',
  values: {
    OWNER: { description: 'Allowed to do everything.' },
    ADMIN: {
      description:
        'Allowed to do everything except what is reserved for the OWNER, such as connecting providers and removing all data.',
    },
    USER: { description: 'A seller or team member who can read and change only their own objects.' },
  } satisfies Record<Role, object>,
})

UserRef.implement({
  description: 'A team member of the organization or a seller.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the user: user_…', resolve: ({ id }) => encodeId('User', id) }),
    name: t.exposeString('name', { description: 'The first name.' }),
    lastName: t.exposeString('lastName', { description: 'The last name. Null when none was given.' }),
    email: t.exposeString('email', { description: 'The e-mail address.' }),
    role: t.expose('role', { type: RoleEnum, description: 'The role of the user.' }),
    organizationFeeBps: t.exposeInt('organizationFeeBps', {
      description:
        "The organization's fee on the seller's payments, in basis points (1 basis point is 0.01 %): 0 to 1000.",
    }),
    payoutAddress: t.exposeString('payoutAddress', {
      nullable: true,
      description:
        "The address of the wallet that receives the seller's earnings. Null until the seller has claimed their account.",
    }),
    account: t.field({
      type: AccountRef,
      nullable: true,
      description:
        "The ledger account with the seller's earnings in a currency. Null when the seller has earned nothing in it.",
      args: { currency: t.arg({ type: 'CurrencyCode', required: true, description: 'The currency of the account.' }) },
      resolve: ({ id }, { currency }, { loaders }) => earningsOf(loaders, id, currency),
    }),
    claimedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the user claimed their account. Null until then.',
      resolve: (user, args, context) => momentOrNull(user.claimedAt, args, context),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the user was created.',
      resolve: (user, args, context) => moment(user.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When the user was last changed.',
      resolve: (user, args, context) => moment(user.updatedAt, args, context),
    }),
  }),
})

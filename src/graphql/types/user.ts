import type { Role } from '../../db/generated/enums.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { AccountRef, UserRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

export const RoleEnum = builder.enumType('Role', {
  description: 'What a member or key may do.',
  values: {
    OWNER: { description: 'Everything.' },
    ADMIN: { description: 'Everything but what only the owner decides.' },
    USER: { description: 'A seller or member who sees and changes what is their own.' },
  } satisfies Record<Role, object>,
})

UserRef.implement({
  description: 'A member of an organization, or a seller.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: user_…', resolve: ({ id }) => encodeId('User', id) }),
    name: t.exposeString('name', { description: 'The first name.' }),
    lastName: t.exposeString('lastName', { description: 'The last name.' }),
    email: t.exposeString('email', { description: 'The e-mail address.' }),
    role: t.expose('role', { type: RoleEnum, description: 'What the member may do.' }),
    organizationFeeBps: t.exposeInt('organizationFeeBps', {
      description: "What the organization keeps of the seller's payments, in basis points: 0 to 1000.",
    }),
    payoutAddress: t.exposeString('payoutAddress', {
      nullable: true,
      description: 'The address of the wallet that earnings are paid to; null while the account is not claimed.',
    }),
    account: t.field({
      type: AccountRef,
      nullable: true,
      description: 'What the books owe the seller in a currency; null while there was none of it.',
      args: { currency: t.arg({ type: 'CurrencyCode', required: true, description: 'The currency.' }) },
      resolve: ({ id }, { currency }, { loaders }) => loaders.earnings(id, currency),
    }),
    claimedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the person took the account over; null while they have not.',
      resolve: (user, args, context) => momentOrNull(user.claimedAt, args, context),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (user, args, context) => moment(user.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When it last changed.',
      resolve: (user, args, context) => moment(user.updatedAt, args, context),
    }),
  }),
})

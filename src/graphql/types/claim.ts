import type { ClaimRequest } from '../../organizations/claims.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { UserRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'

const ClaimRequestRef = builder.objectRef<ClaimRequest>('ClaimRequest').implement({
  description: 'The invitation of a person to claim the account that was made for them.',
  fields: (t) => ({
    user: t.field({
      type: UserRef,
      description: 'Who is invited.',
      resolve: async ({ userId }, _args, { loaders }) => {
        const user = await loaders.one('app_user', userId)
        if (!user) throw new Error(`user ${userId} of an invitation is gone`)
        return user
      },
    }),
    link: t.exposeString('link', {
      description: 'The page where they choose a password and name their wallet. Whoever has it may claim the account.',
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When they were invited.',
      resolve: ({ createdAt }, args, context) => moment(createdAt, args, context),
    }),
  }),
})

builder.queryField('claimRequest', (t) =>
  t.field({
    type: ClaimRequestRef,
    nullable: true,
    description: 'The invitation of a user; null when there is none, or none that the key could have made.',
    authScopes: { manager: true },
    args: { userId: t.arg.id({ required: true, description: 'The user.' }) },
    resolve: async (_root, { userId }, context) => (await context.app.claims.find(actorOf(context), userId)) ?? null,
  }),
)

mutation('createClaimRequest', {
  description:
    'Invites a user to claim the account that was made for them; the same invitation when asked again. Its page takes a password, for which there is no sign-in yet, and the address of the wallet that earnings are paid to.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ userId: t.id({ required: true, description: 'The user, who has not claimed the account.' }) }),
  object: {
    name: 'claimRequest',
    type: ClaimRequestRef,
    description: 'The invitation.',
    read: async (context, { userId }) => (await context.app.claims.find(actorOf(context), String(userId))) ?? null,
  },
  run: (app, call, input) => app.claims.request(call, input),
})

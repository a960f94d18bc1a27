import type { ClaimRequest } from '../../organizations/claims.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { UserRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'

const ClaimRequestRef = builder.objectRef<ClaimRequest>('ClaimRequest').implement({
  description: 'An invitation for a person to claim the user account that was created for them.',
  fields: (t) => ({
    user: t.field({
      type: UserRef,
      description: 'The user who is invited.',
      resolve: async ({ userId }, _args, { loaders }) => {
        const user = await loaders.one('app_user', userId)
        if (!user) throw new Error(`user ${userId} of an invitation is gone`)
        return user
      },
    }),
    link: t.exposeString('link', {
      description:
        'The URL of the page on which the user enters the address of their wallet. Anyone who has this URL can claim the account.',
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the invitation was created.',
      resolve: ({ createdAt }, args, context) => moment(createdAt, args, context),
    }),
  }),
})

const ClaimRequestBy = builder.inputType('ClaimRequestBy', {
  description: 'Identifies one invitation by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({ userId: t.id({ description: 'The id of the invited user.' }) }),
})

builder.queryField('claimRequest', (t) =>
  t.field({
    type: ClaimRequestRef,
    nullable: true,
    description:
      'Returns the invitation of a user. Null when there is none, or when the key could not have created it.',
    authScopes: { manager: true },
    args: { by: t.arg({ type: ClaimRequestBy, required: true, description: 'How the invitation is identified.' }) },
    resolve: async (_root, { by }, context) =>
      (await context.app.claims.find(actorOf(context), by.userId ?? '')) ?? null,
  }),
)

mutation('createClaimRequest', {
  description:
    'Invites a user to claim the account that was created for them. A repeat returns the same invitation. On its page the user enters the address of the wallet that receives their earnings.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    userId: t.id({ required: true, description: 'The id of the user, who must not have claimed the account yet.' }),
  }),
  object: {
    name: 'claimRequest',
    type: ClaimRequestRef,
    description: 'The invitation.',
    read: async (context, { userId }) => (await context.app.claims.find(actorOf(context), String(userId))) ?? null,
  },
  run: (app, call, input) => app.claims.request(call, input),
})

import type { Done } from '../../kernel/actor.ts'
import type { Context } from '../context.ts'
import { mutation } from '../mutation.ts'
import { RoleEnum } from './user.ts'

const FEE = "What the organization keeps of the seller's payments, in basis points: 0 to 1000."

mutation('createUser', {
  description:
    'Makes a member or seller. What they sell is theirs; what they earn the organization holds for them until they claim the account.',
  scope: 'manager',
  idempotency: 'optional',
  defaults: { organizationFeeBps: 0 },
  input: (t) => ({
    name: t.string({ required: true, description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ required: true, description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ required: true, description: 'The e-mail address, unique.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'ADMIN or USER.' }),
    organizationFeeBps: t.int({ description: `${FEE} None when left out.` }),
  }),
  object: { name: 'user', kind: 'User', description: 'The user.' },
  run: (app, call, input) => app.users.create(call, input),
})

mutation('updateUser', {
  description:
    'Changes a user. What is left out stays as it is. A seller changes itself alone. Somebody who may do less from then on loses the keys that may do more.',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The user.' }),
    name: t.string({ description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ description: 'The e-mail address, unique.' }),
    role: t.field({ type: RoleEnum, description: 'ADMIN or USER; an owner stays one.' }),
    organizationFeeBps: t.int({ description: `${FEE} Nobody sets their own: that is FORBIDDEN.` }),
  }),
  object: { name: 'user', kind: 'User', description: 'The user as they are now.' },
  run: async (app, call, input, context) => closing(context, await app.users.update(call, input)),
})

mutation('deleteUser', {
  description:
    'Hides a user and ends their keys at once, and whatever those have open. What they sold stays. An owner cannot be deleted.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The user.' }) }),
  object: { name: 'user', kind: 'User', description: 'The user who was deleted.' },
  run: async (app, call, input, context) => closing(context, await app.users.remove(call, input)),
})

function closing({ sockets }: Context, done: Done & { readonly endedKeyIds: readonly string[] }): Done {
  for (const id of done.endedKeyIds) sockets.closeKey(id)
  return done
}

import type { Done } from '../../kernel/actor.ts'
import type { Context } from '../context.ts'
import { mutation } from '../mutation.ts'
import { RoleEnum } from './user.ts'

const FEE = "The organization's fee on the seller's payments, in basis points (1 basis point is 0.01 %): 0 to 1000."

mutation('createUser', {
  description:
    "Creates a user: a team member or a seller. A seller owns the products, customers and payments created with its keys. The organization holds the seller's earnings until the seller claims their account.",
  scope: 'manager',
  idempotency: 'optional',
  defaults: { organizationFeeBps: 0 },
  input: (t) => ({
    name: t.string({ required: true, description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ required: true, description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ required: true, description: 'The e-mail address, unique within the organization.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'The role: ADMIN or USER.' }),
    organizationFeeBps: t.int({ description: `${FEE} The default is 0.` }),
  }),
  object: { name: 'user', kind: 'User', description: 'The user that was created.' },
  run: (app, call, input) => app.users.create(call, input),
})

mutation('updateUser', {
  description:
    "Changes a user. Fields that are left out keep their value. A seller can change only itself. When the role is lowered, the user's keys with more rights are deleted.",
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the user.' }),
    name: t.string({ description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ description: 'The e-mail address, unique within the organization.' }),
    role: t.field({ type: RoleEnum, description: 'The role: ADMIN or USER. The role of an OWNER cannot be changed.' }),
    organizationFeeBps: t.int({ description: `${FEE} Users cannot change their own fee: the error is FORBIDDEN.` }),
  }),
  object: { name: 'user', kind: 'User', description: 'The user after the change.' },
  run: async (app, call, input, context) => closing(context, await app.users.update(call, input)),
})

mutation('deleteUser', {
  description:
    'Deletes a user and all their keys, and closes the open WebSocket connections of those keys. Products, customers and payments are kept. An OWNER cannot be deleted.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the user.' }) }),
  object: { name: 'user', kind: 'User', description: 'The user that was deleted.' },
  run: async (app, call, input, context) => closing(context, await app.users.remove(call, input)),
})

function closing({ sockets }: Context, done: Done & { readonly endedKeyIds: readonly string[] }): Done {
  for (const id of done.endedKeyIds) sockets.closeKey(id)
  return done
}

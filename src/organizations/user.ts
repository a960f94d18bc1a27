import { z } from 'zod'
import type { UserRow } from '../db/rows.ts'
import type { USER } from '../events/objects/organization.ts'
import type { ObjectOf } from '../events/shape.ts'
import type { Actor, Role } from '../kernel/actor.ts'
import { encodeId } from '../kernel/id.ts'
import { email, id, line, optional } from '../kernel/input.ts'

/** A member of an organization, or a seller. */

const RANK: Readonly<Record<Role, number>> = { USER: 0, ADMIN: 1, OWNER: 2 }

/** Whether one role may do more than another. Nobody acts on somebody above them. */
export function outranks(role: Role, other: Role): boolean {
  return RANK[role] > RANK[other]
}

/**
 * Whether somebody may hold a key or an invitation of a user in their hands. A member may for themselves and for whom
 * they outrank, so that nobody does through a peer what they may not do to themselves; the organization's own keys may
 * for everybody whom they do not rank below.
 */
export function mayActFor(actor: Actor, user: Pick<UserRow, 'id' | 'role'>): boolean {
  if (actor.userId === user.id) return true
  return actor.userId === null ? !outranks(user.role, actor.role) : outranks(actor.role, user.role)
}

const MAX_FEE_BPS = 1_000

const feeBps = z.int().min(0, 'must be at least 0').max(MAX_FEE_BPS, `must be at most ${MAX_FEE_BPS}`)
const role = z.enum(['ADMIN', 'USER'], 'must be ADMIN or USER')

export const CreateUser = z.object({
  name: line(100),
  lastName: line(100),
  email,
  role,
  organizationFeeBps: optional(feeBps),
})

export const UpdateUser = z.object({
  id: id('User'),
  name: optional(line(100)),
  lastName: optional(line(100)),
  email: optional(email),
  role: optional(role),
  organizationFeeBps: optional(feeBps),
})

export const UserId = z.object({ id: id('User') })

/** The user as events and webhooks show it. */
export function userObject(user: UserRow): ObjectOf<typeof USER> {
  const { name, lastName, email, role, organizationFeeBps, claimedAt } = user
  return {
    id: encodeId('User', user.id),
    name,
    lastName,
    email,
    role,
    organizationFeeBps,
    claimedAt: claimedAt?.toISOString() ?? null,
  }
}

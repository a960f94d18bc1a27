import type { Context } from '../context.ts'
import { type Organization, organizations, PROVIDER, type Session, sessions, THE_ORGANIZATION } from '../documents.ts'
import { notFound } from '../errors.ts'
import { transactionIn } from '../ids.ts'
import { isCustomerKnown } from '../play.ts'
import { withExpiry } from '../session.ts'

/** A session as its pages see it. */
export interface OpenedSession {
  readonly realm: string
  readonly session: Session
  readonly organization: Organization
  readonly now: Date
  /** Whether it still has to be said who pays; the payer may have said it already. */
  readonly asksCustomer: boolean
}

/** Whoever has the link may pay: the session's UUID is the secret. @throws ApiError 404 without such a session. */
export async function openSession(context: Context, uuid: string): Promise<OpenedSession> {
  const found = await sessions.findAnywhere(context.pool, PROVIDER, transactionIn(uuid))
  if (!found) throw notFound()
  const { realm, document } = found
  const world = context.world(realm)
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (!organization) throw notFound()
  const now = await context.clockOf(realm)
  const asksCustomer = !(await isCustomerKnown(world, document))
  return { realm, session: withExpiry(document, now), organization, now, asksCustomer }
}

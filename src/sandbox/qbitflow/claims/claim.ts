import { newId } from '../../../kernel/id.ts'
import { cancelTasks } from '../../tasks.ts'
import type { Context } from '../context.ts'
import { type Organization, organizations, PROVIDER, THE_ORGANIZATION, type User, users } from '../documents.ts'
import { badRequest, conflict, notFound } from '../errors.ts'
import { Fields } from '../fields.ts'
import { uuidIn } from '../ids.ts'
import { type ClaimRequest, claimRequests } from './documents.ts'
import { CLAIM_FUNDS_TASK, nextHour } from './funds.ts'

/** EVM addresses, and those of Solana. */
const WALLET = /^(0x[0-9a-f]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})$/i

const WALLET_RULE = { max: 64, accepts: (text: string) => WALLET.test(text) }

export interface OpenedClaim {
  readonly realm: string
  readonly request: ClaimRequest
  readonly user: User
  readonly organization: Organization
}

/** Invites a user to take their account over; asking again gives the same invitation. @throws ApiError 404, 400 */
export async function requestClaim(context: Context, realm: string, userId: number): Promise<ClaimRequest> {
  const createdAt = (await context.clockOf(realm)).toISOString()
  return context.transaction(realm, async (world) => {
    const user = await users.lock(world, String(userId))
    if (!user) throw notFound()
    if (user.claimedAt) throw badRequest('the account is claimed already')
    const before = await claimRequests.findBy(world, 'user', String(userId))
    if (before) return before
    const request = { uuid: newId(), userId, createdAt }
    await claimRequests.insert(world, request.uuid, request)
    return request
  })
}

/** Whoever has the link may claim. @throws ApiError 404 without such an invitation, or such a user any more */
export async function openClaim(context: Context, uuid: string): Promise<OpenedClaim> {
  const found = await claimRequests.findAnywhere(context.pool, PROVIDER, uuidIn(uuid))
  if (!found) throw notFound()
  const world = context.world(found.realm)
  const user = await users.find(world, String(found.document.userId))
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (!user || !organization) throw notFound()
  return { realm: found.realm, request: found.document, user, organization }
}

/**
 * Takes an account over. There is nothing here to sign in to, so that no password is asked for.
 * @throws ApiError naming the address when it is wrong, 409 when somebody was first
 */
export async function claim(
  context: Context,
  { realm, request: { userId } }: OpenedClaim,
  form: Readonly<Record<string, unknown>>,
): Promise<void> {
  const fields = new Fields(form)
  const wallet = fields.text('wallet', WALLET_RULE)
  fields.check()
  const now = await context.clockOf(realm)
  await context.transaction(realm, async (world) => {
    const user = await users.lock(world, String(userId))
    if (!user) throw notFound()
    if (user.claimedAt) throw conflict('the account is claimed already')
    const at = now.toISOString()
    await users.replace(world, String(userId), { ...user, wallet, claimedAt: at, updatedAt: at })
    await cancelTasks(world, CLAIM_FUNDS_TASK, String(userId))
    const task = { kind: CLAIM_FUNDS_TASK, subject: String(userId), body: {}, dueAt: nextHour(now) }
    await context.tasks.schedule(world, task)
  })
}

/** The page of an invitation. */
export function claimLink(publicUrl: string, { uuid }: Pick<ClaimRequest, 'uuid'>): string {
  return `${publicUrl}/claim/${uuid}`
}

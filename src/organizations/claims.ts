import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Database } from '../db/database.ts'
import type { ClaimRequestRow, UserRow } from '../db/rows.ts'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { decodeId, newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { transact, transactOnce } from '../work/work.ts'
import { ClaimForm, OfUser } from './claim.ts'
import { nextHour } from './claim-funds.ts'
import { mayActFor, userObject } from './user.ts'

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
  readonly secretKey: Uint8Array
  readonly publicUrl: string
}

interface Deps extends Omit<Parts, 'secretKey'> {
  /** Signs the links of invitations. */
  readonly signingKey: Uint8Array
}

/** The invitation of a user. Whoever has its link may claim the account. */
export interface ClaimRequest {
  readonly userId: string
  readonly link: string
  readonly createdAt: Date
}

/** An invitation as its page shows it. */
export interface OpenedClaim {
  readonly user: UserRow
  readonly organization: string
}

export function claimService({ secretKey, ...parts }: Parts) {
  const signingKey = new Uint8Array(hkdfSync('sha256', secretKey, '', 'tollgate claim links', 32))
  const deps: Deps = { ...parts, signingKey }
  return bound(deps, { request: requestClaim, find: findClaimRequest, open: openClaim, claim: claimAccount })
}

/**
 * Invites a user to claim the account that was made for them; the same link when asked again.
 * @throws DomainError INVALID_STATE when the account is claimed
 */
async function requestClaim({ db, clocks }: Deps, call: Call, input: unknown): Promise<Done> {
  const { userId } = validate(OfUser, input)
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, userId, async (work) => {
    await work.lock('app_user', userId)
    const user = await work.tx.user.findFirst({ where: { tenantId, id: userId, deletedAt: null } })
    if (!user) throw notFound('User', ['userId'])
    if (!mayActFor(call.actor, user)) {
      const message = `Your key is not allowed to invite a user with the role ${user.role}`
      throw new DomainError({ code: 'FORBIDDEN', message, field: ['userId'] })
    }
    if (user.claimedAt) throw invalidState('The account is already claimed', ['userId'])
    const data = { tenantId, id: newId(), userId, createdAt: now }
    const { count } = await work.tx.claimRequest.createMany({ data: [data], skipDuplicates: true })
    if (count === 0) return
    work.emit({ type: 'user.invited', entityKind: 'User', entityId: userId, object: userObject(user) })
  })
}

/** The invitation of a user, if there is one and the actor could have made it. */
async function findClaimRequest(deps: Deps, actor: Actor, user: string): Promise<ClaimRequest | undefined> {
  const decoded = decodeId(user)
  if (decoded?.kind !== 'User') return undefined
  const where = { tenantId: actor.tenantId, userId: decoded.uuid, user: { deletedAt: null } }
  const row = await deps.db.prisma.claimRequest.findFirst({ where, include: { user: true } })
  if (!row || !mayActFor(actor, row.user)) return undefined
  return { userId: row.userId, link: `${deps.publicUrl}/claim/${tokenOf(deps, row.id)}`, createdAt: row.createdAt }
}

/** The invitation with this token, as its page shows it; undefined when there is none. */
async function openClaim(deps: Deps, token: string): Promise<OpenedClaim | undefined> {
  const request = await requestOf(deps, token)
  if (!request) return undefined
  const { organization } = await deps.db.prisma.tenant.findUniqueOrThrow({
    where: { id: request.tenantId },
    include: { organization: true },
  })
  return { user: request.user, organization: organization.name }
}

/**
 * Claims the account, once. From here on the user is owed what it earned.
 * @throws DomainError for a bad address, INVALID_STATE when it is claimed already
 */
async function claimAccount(deps: Deps, token: string, form: unknown): Promise<void> {
  const { db, clocks } = deps
  const request = await requestOf(deps, token)
  if (!request) throw notFound('ClaimRequest', [])
  const claimed = () => invalidState('The account is already claimed')
  if (request.user.claimedAt) throw claimed()
  const { payoutAddress } = validate(ClaimForm, form)
  const { tenantId, userId } = request
  const now = await clocks.now(tenantId)
  await transact(db, { tenantId, at: now }, async (work) => {
    const data = { payoutAddress, claimedAt: now, claimFundsNextAt: nextHour(now), updatedAt: now }
    const where = { tenantId, id: userId, claimedAt: null, deletedAt: null }
    const { count } = await work.tx.user.updateMany({ where, data })
    if (count === 0) throw claimed()
    const user = await work.tx.user.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: userId } } })
    work.emit({ type: 'user.claimed', entityKind: 'User', entityId: userId, object: userObject(user) })
  })
}

/** Made anew from the invitation's id each time, so that nothing that opens the page is kept. */
function tokenOf({ signingKey }: Deps, id: string): string {
  return `${id.replaceAll('-', '')}${createHmac('sha256', signingKey).update(id).digest('hex')}`
}

async function requestOf(deps: Deps, token: string): Promise<(ClaimRequestRow & { user: UserRow }) | undefined> {
  if (!/^[0-9a-f]{96}$/.test(token)) return undefined
  const id = token.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  if (!timingSafeEqual(Buffer.from(tokenOf(deps, id)), Buffer.from(token))) return undefined
  const request = await deps.db.prisma.claimRequest.findFirst({ where: { id }, include: { user: true } })
  return request && request.user.deletedAt === null ? request : undefined
}

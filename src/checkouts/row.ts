import type { CheckoutStatus } from '../db/generated/enums.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { OpeningFact, ProviderStatus } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { announce, ENDED } from './announce.ts'
import { isBeingOpened, isInDoubt, isOver, mayBecome, statusesBefore } from './checkout.ts'

/** The row of a checkout after it was made. Nothing else changes it. */

const FIRST_CHECK_MS = 60_000
const OPEN_AGAIN_MS = 5_000

/** What may change of a checkout after it was made, but for what its opening brings. */
export type Changes = Partial<
  Pick<CheckoutRow, 'status' | 'startState' | 'customerId' | 'reason' | 'nextCheckAt' | 'checks' | 'updatedAt'>
>

const OPENING_EVENT = { OPEN: 'checkout.opened', FAILED: 'checkout.failed', UNKNOWN: 'checkout.unknown' } as const

/** One statement, which locks the row as well: the first answer for a page that is recorded stands. */
export async function open(work: Work, id: string, { opening, session }: OpeningFact): Promise<void> {
  const { status } = opening
  const before = statusesBefore(status).filter(isBeingOpened)
  const where = { tenantId: work.tenantId, id, session, status: { in: before } }
  const data = { ...openedAs(opening, work.at), updatedAt: work.at }
  const [after] = await work.tx.checkout.updateManyAndReturn({ where, data })
  // It was cancelled meanwhile, or somebody else has opened it.
  if (!after) return
  announce(work, after, OPENING_EVENT[status], 'page' in opening ? undefined : { state: opening.status })
}

function openedAs(opening: OpeningFact['opening'], now: Date) {
  if (!('page' in opening)) {
    return { ...opening, nextCheckAt: isInDoubt(opening.status) ? later(now, OPEN_AGAIN_MS) : null }
  }
  const { reference: externalId, url, expiresAt } = opening.page
  const nextCheckAt = later(now, FIRST_CHECK_MS)
  return {
    status: opening.status,
    externalId,
    url,
    reason: null,
    checks: 0,
    nextCheckAt,
    ...(expiresAt && { expiresAt }),
  }
}

interface Changed {
  readonly customerId: string | null
  readonly nextCheckAt: Date | null
  readonly checks: number
  readonly reason?: string | null
}

export async function become(
  work: Work,
  before: CheckoutRow,
  status: CheckoutStatus,
  data: Changed,
  step?: ProviderStatus,
) {
  if (!mayBecome(before.status, status)) {
    // A payment that was begun on a checkout which is over is still asked about until its end is known.
    const { customerId, nextCheckAt, checks } = data
    if (isOver(before.status)) await write(work, before, { customerId, nextCheckAt, checks })
    return
  }
  const after = await write(work, before, { ...data, status, updatedAt: work.at })
  const type = ENDED[status]
  if (type) announce(work, after, type, step)
}

/** How long the request that opens a page may take before reconciliation takes it over. */
const OPENING_LEASE_MS = 60_000

/** Another page is to be opened for it; the one that it had is remembered, since money may still come over it. */
export async function reopen(work: Work, before: CheckoutRow, lifetimeMs: number): Promise<void> {
  const { tenantId, id: checkoutId, session: number, provider, externalId } = before
  if (externalId !== null) {
    await work.tx.checkoutSession.create({ data: { tenantId, checkoutId, number, provider, externalId } })
  }
  const after = await work.tx.checkout.update({
    where: keyOf(work, checkoutId),
    data: {
      status: 'OPENING',
      session: number + 1,
      externalId: null,
      url: null,
      reason: null,
      startState: null,
      expiresAt: later(work.at, lifetimeMs),
      nextCheckAt: later(work.at, OPENING_LEASE_MS),
      checks: 0,
      updatedAt: work.at,
    },
  })
  // Its status page goes on, whatever it ended with.
  announce(work, after, 'checkout.reopened', { state: 'CREATED' })
}

export function write(work: Work, { id }: CheckoutRow, data: Changes): Promise<CheckoutRow> {
  return work.tx.checkout.update({ where: keyOf(work, id), data })
}

export function keyOf({ tenantId }: Work, id: string) {
  return { tenantId_id: { tenantId, id } }
}

export function earlier(one: Date, other: Date): Date {
  return one < other ? one : other
}

export function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}

import type { Logger } from 'pino'
import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { ClaimFundsRow, UserRow } from '../db/rows.ts'
import type { Emit } from '../events/outbox.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { currency, findCurrency } from '../kernel/currency.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { money } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { sellerOf } from '../ledger/account.ts'
import { post } from '../ledger/journal.ts'
import { claimFundsSettled } from '../ledger/recipes.ts'
import { transact, transactOnce, type Work } from '../work/work.ts'
import { ClaimFundsId, claimFundsObject, OfUser } from './claim.ts'

const HOUR_MS = 3_600_000
const BATCH = 100

/** The next full hour after a moment. */
export function nextHour(at: Date): Date {
  return new Date((Math.floor(at.getTime() / HOUR_MS) + 1) * HOUR_MS)
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly log: Logger
}

/** What the organization owes the sellers who claimed their accounts, and that it has paid. */
export function claimFundsService(parts: Deps) {
  return bound(parts, { trigger: triggerClaimFunds, collectDue: collectDueClaimFunds, settle: settleClaimFunds })
}

/**
 * Test mode: computes at once what a user is owed, as happens every hour for one who claimed their account.
 * Answers the user.
 */
async function triggerClaimFunds({ clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { userId } = validate(OfUser, input)
  const { tenantId, mode, requestId } = call.actor
  const change = { tenantId, at: await clocks.now(call.actor), requestId }
  return transactOnce(db, call, change.at, userId, async (work) => {
    const user = await lockUser(work.tx, tenantId, userId)
    if (mode !== 'TEST') throw new DomainError({ code: 'UNSUPPORTED', message: 'This is available only in test mode' })
    if (user.claimedAt === null) throw invalidState('The account is not claimed yet', ['userId'])
    await collect(work, userId)
  })
}

/** Computes it for everybody whose hour has come on their tenant's clock. Answers how many were looked at. */
async function collectDueClaimFunds(parts: Deps): Promise<number> {
  const { db, clock, log } = parts
  const due = await db.query<{ tenantId: string; id: string; now: Date }>(
    'claims.due',
    `SELECT u.tenant_id, u.id, $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond' AS now
     FROM app_user u JOIN tenant t ON t.id = u.tenant_id
     WHERE u.claim_funds_next_at <= $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'
     ORDER BY u.claim_funds_next_at LIMIT ${BATCH}`,
    [clock.now()],
  )
  for (const user of due) {
    const { tenantId, id } = user
    // One that fails must not keep those behind it from theirs.
    await collectOf(parts, user).catch((error) =>
      log.error({ err: error, tenantId, id }, 'calculating the claim funds failed'),
    )
  }
  return due.length
}

/**
 * The organization says that it has paid what it owed to the user's wallet.
 * @throws DomainError INVALID_STATE when it said so before, INSUFFICIENT_FUNDS when a refund has taken some of it
 */
async function settleClaimFunds({ clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(ClaimFundsId, input)
  const { tenantId, requestId } = call.actor
  const change = { tenantId, at: await clocks.now(call.actor), requestId }
  return transactOnce(db, call, change.at, id, async (work) => {
    const found = await work.tx.claimFunds.findFirst({ where: { tenantId, id } })
    if (!found) throw notFound('ClaimFunds', ['id'])
    await lockUser(work.tx, tenantId, found.userId)
    const { count } = await work.tx.claimFunds.updateMany({
      where: { tenantId, id, funded: false },
      data: { funded: true, fundedAt: change.at },
    })
    if (count === 0) throw invalidState('The claim is already settled', ['id'])
    const funds = await work.tx.claimFunds.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
    const amount = money(funds.owedMinor, currency(funds.currency))
    await post(work, claimFundsSettled({ claimFundsId: id, sellerId: funds.userId, amount }))
    announce(work.emit, 'claim_funds.settled', funds)
  })
}

async function collectOf(
  { db }: Deps,
  { tenantId, id, now }: { tenantId: string; id: string; now: Date },
): Promise<void> {
  const change = { tenantId, at: now }
  await transact(db, change, async (work) => {
    // Of several nodes that look at once, one computes and puts the hour off.
    const data = { claimFundsNextAt: nextHour(now) }
    const { count } = await work.tx.user.updateMany({ where: { tenantId, id, claimFundsNextAt: { lte: now } }, data })
    if (count > 0) await collect(work, id)
  })
}

/** Everything that happens to what a user is owed happens under the lock of the user. */
async function lockUser(tx: Transaction, tenantId: string, id: string): Promise<UserRow> {
  await lockRow(tx, 'app_user', tenantId, id)
  const user = await tx.user.findFirst({ where: { tenantId, id } })
  if (!user) throw notFound('User', ['userId'])
  return user
}

/** What the books owe a user and no claim says yet becomes one; where they owe less than the claims say, those shrink. */
async function collect(work: Work, userId: string): Promise<void> {
  const { tenantId } = work
  const prefix = `seller:${userId}:`
  const accounts = await work.tx.account.findMany({ where: { tenantId, externalId: { startsWith: prefix } } })
  for (const account of accounts) {
    const found = findCurrency(account.currency)
    if (!found || account.externalId !== sellerOf(userId, found).externalId) continue
    const open = await work.tx.claimFunds.findMany({
      where: { tenantId, userId, currency: found.code, funded: false },
      orderBy: { id: 'desc' },
    })
    const claimed = open.reduce((sum, { owedMinor }) => sum + owedMinor, 0n)
    const owed = account.balance - account.held - claimed
    if (owed > 0n) {
      const data = {
        tenantId,
        id: newId(),
        userId,
        owedMinor: owed.toString(),
        currency: found.code,
        createdAt: work.at,
      }
      announce(work.emit, 'claim_funds.created', await work.tx.claimFunds.create({ data }))
    }
    if (owed < 0n) await lower(work, open, -owed)
  }
}

/** A refund has taken money that was claimed: the latest claims are lowered first, and one of nothing is gone. */
async function lower(work: Work, open: readonly ClaimFundsRow[], by: bigint): Promise<void> {
  let left = by
  for (const claim of open) {
    if (left === 0n) return
    const taken = claim.owedMinor < left ? claim.owedMinor : left
    left -= taken
    const where = { tenantId_id: { tenantId: claim.tenantId, id: claim.id } }
    const owedMinor = claim.owedMinor - taken
    if (owedMinor === 0n) await work.tx.claimFunds.delete({ where })
    else await work.tx.claimFunds.update({ where, data: { owedMinor: owedMinor.toString() } })
    announce(work.emit, 'claim_funds.lowered', { ...claim, owedMinor })
  }
}

function announce(
  emit: Emit,
  type: 'claim_funds.created' | 'claim_funds.lowered' | 'claim_funds.settled',
  funds: ClaimFundsRow,
): void {
  emit({ type, entityKind: 'ClaimFunds', entityId: funds.id, object: claimFundsObject(funds) })
}

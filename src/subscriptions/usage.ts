import type { Database } from '../db/database.ts'
import type { UsageReportState } from '../db/generated/enums.ts'
import type { SubscriptionRow, UsageReportRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { invalidState, type Problem } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { formatDecimal } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { ProviderAnswerLost, ProviderError, ProviderRefused, problemFrom } from '../providers/errors.ts'
import type { ProviderSubscription } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import { forget } from '../work/idempotency.ts'
import { transact, transactOnce } from '../work/work.ts'
import { lockSubscription } from './lock.ts'
import type { SubscriptionProgress } from './progress.ts'
import { findSubscription, unsupported } from './service.ts'
import { isOver, ReportUsage, UNIT_DIGITS } from './subscription.ts'

/** How long a request that was sent may still be under way, so that what it did is not yet to be seen. */
const UNDER_WAY_MS = 30_000
const RETRY_MS = 5_000
const LONGEST_WAIT_MS = 3_600_000

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: SubscriptionProgress
}

export type UsageReporting = ReturnType<typeof usageReporting>

/**
 * What was used comes to the provider once. Its wire knows no repeat, so reports of a subscription go one after the
 * other, each with what was counted before it: after a lost answer the count tells whether it arrived.
 */
export function usageReporting(deps: Deps) {
  return bound(deps, { report: reportUsage, continue: continueReport })
}

/**
 * Adds to what was used in the period that runs. The report is kept first and sent until it is known to have arrived; a
 * lost answer brings a problem, and no second report.
 */
async function reportUsage(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id, units } = validate(ReportUsage, input)
  const { db, clock, clocks, progress } = deps
  const { tenantId } = call.actor
  const subscription = await findSubscription(db, call.actor, id)
  await reach(deps, subscription)
  if (subscription.usage !== 'METERED') throw invalidState('The subscription does not bill usage', ['id'])
  const now = await clocks.now(call.actor)
  const reportId = newId()
  const done = await transactOnce(db, call, now, id, async (work) => {
    const { status } = await lockSubscription(work.tx, subscription)
    if (isOver(status)) throw invalidState(`The subscription is ${status}`, ['id'])
    const data = { tenantId, id: reportId, subscriptionId: id, unitsMillionths: units.toString() }
    await work.tx.usageReport.create({ data: { ...data, nextAttemptAt: later(clock, RETRY_MS), createdAt: now } })
  })
  if (done.replayed) return done
  const problems = await sendWaiting(deps, subscription, reportId)
  // What the provider refused may be asked for again.
  if (problems.some(({ code }) => code === 'PROVIDER_REFUSED' || code === 'UNSUPPORTED')) await forget(db, call)
  await progress.refresh(subscription).catch((error) => {
    if (!(error instanceof ProviderError)) throw error
  })
  return { ...done, problems }
}

/** Goes on with a report whose time has come: sends it, or finds out what became of it. */
async function continueReport(deps: Deps, subscription: SubscriptionRow, report: UsageReportRow): Promise<void> {
  if (report.state !== 'QUEUED') await resolve(deps, subscription, report)
  await sendWaiting(deps, subscription)
}

/** Sends what waits, in order, until something stays in doubt. Answers what went wrong with one of them. */
async function sendWaiting(deps: Deps, subscription: SubscriptionRow, wanted?: string): Promise<readonly Problem[]> {
  for (let report = await claim(deps, subscription); report; report = await claim(deps, subscription)) {
    const problems = await deliver(deps, subscription, report)
    if (problems.length > 0) return report.id === wanted ? problems : []
  }
  return []
}

/** The next report that waits, where none is on its way; it is SENT from here on, so that nobody else sends it. */
async function claim({ db, clock }: Deps, subscription: SubscriptionRow): Promise<UsageReportRow | undefined> {
  const { tenantId, id: subscriptionId } = subscription
  return db.prisma.$transaction(async (tx) => {
    await lockSubscription(tx, subscription)
    const where = { tenantId, subscriptionId, nextAttemptAt: { not: null } }
    const first = await tx.usageReport.findFirst({ where, orderBy: { id: 'asc' } })
    if (first?.state !== 'QUEUED') return undefined
    const data = { state: 'SENT' as const, nextAttemptAt: later(clock, UNDER_WAY_MS), countedMillionths: null }
    return tx.usageReport.update({ where: keyOf(first), data })
  })
}

/** Sends a report that was claimed. Answers what went wrong, for the caller. */
async function deliver(deps: Deps, subscription: SubscriptionRow, report: UsageReportRow): Promise<readonly Problem[]> {
  const { find, send } = await reach(deps, subscription)
  try {
    await noteCount(deps, report, find)
    await send(report.unitsMillionths)
    await settle(deps, subscription, report, 'CONFIRMED', null)
    return []
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error instanceof ProviderRefused) await settle(deps, subscription, report, 'REFUSED', error.message)
    else if (error instanceof ProviderAnswerLost) await doubt(deps, report, error.message)
    else await requeue(deps, report, error.message)
    return [problemFrom(error)]
  }
}

/** @throws DomainError UNSUPPORTED where the provider takes no reports of usage */
async function reach({ registry }: Deps, { tenantId, provider, externalId }: SubscriptionRow) {
  const connected = await registry.connected(tenantId, provider)
  const { subscriptions } = connected
  if (!subscriptions?.reportUsage || externalId === null) throw unsupported(connected, 'usage reports')
  const { find, reportUsage: send } = subscriptions
  return { find: () => find(externalId), send: (units: bigint) => send(externalId, units) }
}

/** Notes what the provider counts before a report goes out. */
async function noteCount(
  { db }: Deps,
  report: UsageReportRow,
  find: () => Promise<ProviderSubscription | undefined>,
): Promise<void> {
  const counted = await find()
  const data = { countedMillionths: String(counted?.unitsMillionths ?? 0n), countedSince: periodOf(counted) }
  await db.prisma.usageReport.update({ where: keyOf(report), data })
}

/** Asks what the provider counts, after a report whose answer was lost: with it, without it, or neither. */
async function resolve(deps: Deps, subscription: SubscriptionRow, report: UsageReportRow): Promise<void> {
  const before = report.countedMillionths
  if (before === null) return requeue(deps, report, 'it was never sent')
  const found = await (await reach(deps, subscription)).find()
  const samePeriod = periodOf(found)?.getTime() === report.countedSince?.getTime()
  const counted = found?.unitsMillionths ?? 0n
  if (samePeriod && counted === before) return requeue(deps, report, 'it did not arrive')
  if (samePeriod && counted === before + report.unitsMillionths) {
    return settle(deps, subscription, report, 'CONFIRMED', null)
  }
  const reason = 'the period ended, or others reported, before it could be told'
  await settle(deps, subscription, report, 'UNKNOWN', reason)
}

async function requeue({ db, clock }: Deps, report: UsageReportRow, reason: string): Promise<void> {
  const wait = Math.min(RETRY_MS * 2 ** Math.min(report.attempts, 12), LONGEST_WAIT_MS)
  const data = { state: 'QUEUED' as const, nextAttemptAt: later(clock, wait), reason }
  await db.prisma.usageReport.updateMany({ where: asSeen(report), data })
}

async function doubt({ db, clock }: Deps, report: UsageReportRow, reason: string): Promise<void> {
  const data = { state: 'UNKNOWN' as const, reason, nextAttemptAt: later(clock, UNDER_WAY_MS) }
  await db.prisma.usageReport.updateMany({ where: asSeen(report), data })
}

/** What became of a report, with its event. Where it can never be known, nothing is guessed and people are told. */
async function settle(
  { db, clocks }: Deps,
  subscription: SubscriptionRow,
  report: UsageReportRow,
  state: UsageReportState,
  reason: string | null,
): Promise<void> {
  const change = { tenantId: report.tenantId, at: await clocks.now(report.tenantId) }
  await transact(db, change, async (work) => {
    const open = { tenantId: report.tenantId, id: report.id, nextAttemptAt: { not: null } }
    const { count } = await work.tx.usageReport.updateMany({
      where: open,
      data: { state, reason, nextAttemptAt: null },
    })
    const type = EVENTS[state]
    if (count === 0 || !type) return
    const units = formatDecimal(report.unitsMillionths, UNIT_DIGITS)
    const object = { id: encodeId('Subscription', subscription.id), units, state, reason }
    work.emit({ type, entityKind: 'Subscription', entityId: subscription.id, topicId: subscription.id, object })
  })
}

const EVENTS: Readonly<Partial<Record<UsageReportState, EventType>>> = {
  CONFIRMED: 'subscription.usage_reported',
  REFUSED: 'subscription.usage_refused',
  UNKNOWN: 'subscription.usage_unknown',
}

/** What tells one period from the next. */
function periodOf(found: ProviderSubscription | undefined): Date | undefined {
  return found?.nextBillingAt
}

function later(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms)
}

/** The report, unless somebody else has taken it up since it was read. */
function asSeen({ tenantId, id, nextAttemptAt }: UsageReportRow) {
  return { tenantId, id, nextAttemptAt }
}

function keyOf({ tenantId, id }: UsageReportRow) {
  return { tenantId_id: { tenantId, id } }
}

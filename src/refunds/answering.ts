import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { PaymentRow, RefundRow } from '../db/rows.ts'
import type { Mode } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, type Problem } from '../kernel/errors.ts'
import { ProviderError, ProviderRefused, problemFrom } from '../providers/errors.ts'
import type { RefundReply } from '../providers/port/refunds.ts'
import type { Simulation } from '../providers/port/simulation.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import { transact } from '../work/work.ts'
import { announceRefund } from './apply.ts'
import type { RefundProgress } from './progress.ts'
import { isRefused, isUnconfirmed, mayBecome } from './refund.ts'

const RETRY_MS = 5_000
const RECHECK_MS = 10_000

export type RefundAnswering = ReturnType<typeof refundAnswering>

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: RefundProgress
}

/** How the merchant's answer comes to the provider. It is kept before the provider is told, and told until it heard. */
export function refundAnswering(deps: Deps) {
  return bound(deps, { deliver: deliverAnswer, resolve: resolveAnswer })
}

/** Tells the provider. An answer that never came leaves the refund UNKNOWN. Says what went wrong, for the caller. */
async function deliverAnswer(deps: Deps, refund: RefundRow): Promise<readonly Problem[]> {
  const { db, registry, progress } = deps
  const provider = await registry.connected(refund.tenantId, refund.provider)
  const tenant = await db.prisma.tenant.findUniqueOrThrow({ where: { id: refund.tenantId } })
  try {
    await simulationFor(provider, tenant.mode).answerRefund(refund.externalId, replyOf(refund))
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error instanceof ProviderRefused) return takeRefusal(deps, refund, error)
    await record(deps, refund, 'UNKNOWN')
    return [problemFrom(error)]
  }
  await record(deps, refund, 'PROCESSING')
  // The provider may know the end at once; where it does not say, it is asked again.
  await progress.refresh(await paymentOf(deps, refund)).catch((error) => {
    if (!(error instanceof ProviderError)) throw error
  })
  return []
}

/** Asks what became of a refund whose answer was given here, and gives the answer again where it never arrived. */
async function resolveAnswer(deps: Deps, refund: RefundRow): Promise<readonly Problem[]> {
  const latest = await deps.progress.refresh(await paymentOf(deps, refund))
  // A later refund of the payment shows that this one was answered: it is found among those.
  if (latest?.id !== refund.id) return []
  return isUnconfirmed(latest) ? deliverAnswer(deps, latest) : []
}

/** The provider refuses the answer: because it has one already, or because it cannot be done. */
async function takeRefusal(deps: Deps, refund: RefundRow, error: ProviderRefused): Promise<readonly Problem[]> {
  const { tenantId, id } = refund
  try {
    await deps.progress.refresh(await paymentOf(deps, refund))
  } catch (unanswered) {
    if (!(unanswered instanceof ProviderError)) throw unanswered
    await record(deps, refund, 'UNKNOWN')
    return [problemFrom(unanswered)]
  }
  const after = await deps.db.prisma.refund.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  if (!isUnconfirmed(after) && isRefused(after.status) === (refund.answer === 'REFUSE')) return []
  if (isUnconfirmed(after)) await record(deps, refund, 'PENDING')
  return [problemFrom(error)]
}

async function record(
  { db, clocks }: Deps,
  { tenantId, id, paymentId }: RefundRow,
  status: keyof typeof AFTER,
): Promise<void> {
  const change = { tenantId, at: await clocks.now(tenantId) }
  await transact(db, change, async (work) => {
    const before = await lockRefund(work.tx, tenantId, id, paymentId)
    if (before.status !== status && !mayBecome(before.status, status)) return
    const where = { tenantId_id: { tenantId, id } }
    const data = { status, updatedAt: change.at, ...AFTER[status](change.at, before) }
    const after = await work.tx.refund.update({ where, data })
    if (after.status !== before.status) announceRefund(work.emit, after)
  })
}

function paymentOf({ db }: Deps, { tenantId, paymentId: id }: RefundRow): Promise<PaymentRow> {
  return db.prisma.payment.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}

const AFTER = {
  // The merchant may answer anew.
  PENDING: () => ({ answer: null, merchantMessage: null, respondedAt: null, nextCheckAt: null }),
  PROCESSING: (now: Date, before: RefundRow) => ({
    respondedAt: before.respondedAt ?? now,
    checks: 0,
    nextCheckAt: new Date(now.getTime() + RECHECK_MS),
  }),
  UNKNOWN: (now: Date) => ({ nextCheckAt: new Date(now.getTime() + RETRY_MS) }),
} as const

/** Everything that happens to a payment's refunds happens under the lock of the payment. */
export async function lockRefund(tx: Transaction, tenantId: string, id: string, paymentId: string): Promise<RefundRow> {
  await lockRow(tx, 'payment', tenantId, paymentId)
  return tx.refund.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}

/**
 * Where answers given here go: to a simulator, since no provider's API takes them.
 * @throws DomainError UNSUPPORTED with where to answer instead
 */
export function simulationFor(
  { name, refunds, simulation }: Connected,
  mode: Mode,
): Required<Pick<Simulation, 'answerRefund'>> {
  if (mode === 'TEST' && simulation?.answerRefund) return { answerRefund: simulation.answerRefund }
  const message = refunds?.answeredAt
    ? `${name} does not accept answers through its API: approve or refuse the refund in ${refunds.answeredAt}; the result is then shown here`
    : `${name} has no refunds that wait for an answer`
  throw new DomainError({ code: 'UNSUPPORTED', message, field: ['id'] })
}

function replyOf({ id, answer, merchantMessage }: RefundRow): RefundReply {
  if (answer === 'APPROVE') return { answer }
  if (answer === 'REFUSE') return { answer, message: merchantMessage ?? '' }
  throw new Error(`refund ${id} has no answer to give`)
}

import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import type { PaymentRow, RefundRow } from '../db/rows.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { currency } from '../kernel/currency.ts'
import { DomainError, invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { id, OWN_WORDS, optional, price, text } from '../kernel/input.ts'
import { type Money, money } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import { lacking, ProviderError, ProviderRefused, problemFrom } from '../providers/errors.ts'
import type { ProviderRefund } from '../providers/port/facts.ts'
import type { RefundIssuing } from '../providers/port/refunds.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import { type Change, transactOnce } from '../work/work.ts'
import { amountToRefund } from './amount.ts'
import { announceRefund } from './apply.ts'
import type { RefundProgress } from './progress.ts'
import { hasFailed, isInDoubt, isUnconfirmed, isUnseen, OPEN_REFUNDS } from './refund.ts'

/** How long the request that issues a refund may take before reconciliation takes it over. */
const ISSUING_LEASE_MS = 60_000

const CreateRefund = z.object({ paymentId: id('Payment'), amount: optional(price), reason: text(500), ...OWN_WORDS })

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly progress: RefundProgress
}

export type RefundIssuance = ReturnType<typeof refundIssuance>

/** Refunds that the merchant issues. They are kept before the provider is asked, and found again by our id. */
export function refundIssuance(deps: Deps) {
  return bound(deps, { create: createRefund, resolve: resolveIssued })
}

/**
 * Gives money of a payment back through its provider, whole or in part. The refund is PROCESSING until the provider says
 * that the money is back; a refusal gives a FAILED one, a lost answer an UNKNOWN one, each with a problem.
 */
async function createRefund(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { paymentId, amount, reason, reference, metadata = {} } = validate(CreateRefund, input)
  const { db, clocks, registry } = deps
  const { actor } = call
  const { provider } = await findPayment(db.prisma, actor, paymentId)
  await refuseUnsupported(deps, await registry.connected(actor.tenantId, provider))
  const at = await clocks.now(actor)
  const refundId = newId()
  let made: RefundRow | undefined
  const done = await transactOnce(db, call, at, refundId, async (work) => {
    // Everything that happens to a payment's refunds happens under the lock of the payment.
    await work.lock('payment', paymentId)
    const payment = await findPayment(work.tx, actor, paymentId)
    const { minor } = amountToRefund(payment, amount, await openOf(work.tx, payment))
    if (payment.externalId === null) throw invalidState('The payment has no id at its provider', ['paymentId'])
    const told = { reason, reference, metadata }
    made = await work.tx.refund.create({ data: { ...told, ...issuedData(work, payment, refundId, minor) } })
    announceRefund(work.emit, made)
  })
  if (made && !done.replayed) return { ...done, problems: await issue(deps, made) }
  return { ...done, problems: await repeat(deps, actor, done.id) }
}

/** A refund as it is kept before the provider is asked. */
function issuedData({ at }: Change, payment: PaymentRow, id: string, minor: bigint) {
  const { tenantId, provider, id: paymentId, customerId, userId, currency } = payment
  return {
    ...{ tenantId, provider, paymentId, customerId, userId, currency },
    status: 'PROCESSING' as const,
    issued: true,
    id,
    // Until the provider says what it calls it.
    externalId: id,
    amountMinor: minor.toString(),
    createdAt: at,
    updatedAt: at,
    nextCheckAt: new Date(at.getTime() + ISSUING_LEASE_MS),
  }
}

/** What refunds that are not over take of a payment: each of them may still be paid. */
async function openOf(tx: Transaction, { tenantId, id: paymentId }: PaymentRow): Promise<bigint> {
  const open = await tx.refund.findMany({ where: { tenantId, paymentId, status: { in: [...OPEN_REFUNDS] } } })
  return open.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
}

/** A repeat is told what the first request was told; where that is not known yet, the provider is asked. */
async function repeat(deps: Deps, { tenantId }: Actor, id: string): Promise<readonly Problem[]> {
  const refund = await deps.db.prisma.refund.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  if (!isInDoubt(refund.status)) return isUnseen(refund) ? problemsOf(refund) : []
  try {
    return await resolveIssued(deps, refund)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return [problemFrom(error)]
  }
}

/** Asks what became of a refund, and issues it again where the provider does not have it. */
async function resolveIssued(deps: Deps, refund: RefundRow): Promise<readonly Problem[]> {
  const found = await deps.progress.refreshIssued(refund)
  if (found) return problemsOf(found)
  return isUnconfirmed(refund) ? issue(deps, refund, { isRepeat: true }) : []
}

/** Asks the provider to pay it. An answer that never came leaves it UNKNOWN. Answers what went wrong, for the caller. */
async function issue(deps: Deps, refund: RefundRow, { isRepeat = false } = {}): Promise<readonly Problem[]> {
  const { capabilities, progress } = deps
  const { tenantId, provider, paymentId } = refund
  const payment = { tenantId, id: paymentId }
  const told = { noun: 'REFUND', proof: true, refundId: refund.id } as const
  try {
    const seen = await capabilities.reviewing(tenantId, provider, () => askProvider(deps, refund))
    return problemsOf(await progress.apply(payment, { noun: 'REFUND', proof: true, refund: seen }))
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (!(error instanceof ProviderRefused)) {
      await progress.apply(payment, { ...told, issuing: { status: 'UNKNOWN' } })
      return [problemFrom(error)]
    }
    // An earlier attempt may have arrived only now, and be why this one is refused.
    const found = isRepeat ? await progress.refreshIssued(refund) : undefined
    if (found) return problemsOf(found)
    const { message, retryable = false } = error.failure
    await progress.apply(payment, { ...told, issuing: { status: 'FAILED', failure: { message, retryable } } })
    return [problemFrom(error)]
  }
}

async function askProvider({ db, registry }: Deps, refund: RefundRow): Promise<ProviderRefund> {
  const { tenantId, id, paymentId } = refund
  const issuing = issuingOf(await registry.connected(tenantId, refund.provider))
  const where = { tenantId_id: { tenantId, id: paymentId } }
  const { externalId, source } = await db.prisma.payment.findUniqueOrThrow({ where })
  if (externalId === null) throw new Error(`the payment of refund ${id} has no id at its provider`)
  const amount: Money = money(refund.amountMinor, currency(refund.currency))
  const ourId = encodeId('Refund', id)
  return issuing.issue({ ourId, payment: externalId, source, amount, reason: refund.reason ?? '' })
}

/** What a refund that failed tells the caller. */
function problemsOf({ status, provider, failureMessage, retryable }: RefundRow): readonly Problem[] {
  if (!hasFailed(status)) return []
  const message = failureMessage ?? `${provider} could not pay the refund`
  return [{ code: 'PROVIDER_REFUSED', message, facts: { provider, retryable: retryable === true } }]
}

/** @throws DomainError NOT_FOUND */
async function findPayment(tx: Pick<Transaction, 'payment'>, actor: Actor, id: string): Promise<PaymentRow> {
  const mine = ownerOf(actor)
  const where = { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
  const payment = await tx.payment.findFirst({ where })
  if (!payment) throw notFound('Payment', ['paymentId'])
  return payment
}

async function refuseUnsupported({ capabilities }: Deps, provider: Connected): Promise<void> {
  issuingOf(provider)
  if (await capabilities.lacks(provider, 'ISSUED_REFUNDS')) {
    throw unsupported(lacking(provider.name, 'ISSUED_REFUNDS'))
  }
}

/** @throws DomainError UNSUPPORTED with the way that there is instead */
function issuingOf({ name, refunds }: Connected): RefundIssuing {
  if (refunds?.issuing) return refunds.issuing
  const asked = refunds?.answeredAt
    ? `the customer requests the refund on the provider's page of the payment, and the merchant approves it in ${refunds.answeredAt}, in test mode with approveRefund. `
    : ''
  const message = `${name} cannot issue refunds: ${asked}recordRefund records a refund that was paid outside the provider`
  throw unsupported(message)
}

function unsupported(message: string): DomainError {
  return new DomainError({ code: 'UNSUPPORTED', message, field: ['paymentId'] })
}

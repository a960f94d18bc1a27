import type { Database } from '../db/database.ts'
import type { RefundRow } from '../db/rows.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { validate } from '../kernel/validate.ts'
import { hasMoney, isRefunded } from '../payments/payment.ts'
import { actOnce } from '../providers/act-once.ts'
import { ProviderAnswerLost, ProviderError, problemFrom } from '../providers/errors.ts'
import type { RefundReply } from '../providers/port/refunds.ts'
import type { Registry } from '../providers/registry.ts'
import { simulatorOf } from '../providers/simulator.ts'
import { forget } from '../work/idempotency.ts'
import { transactOnce } from '../work/work.ts'
import { lockRefund, type RefundAnswering, simulationFor } from './answering.ts'
import { announceRefund } from './apply.ts'
import type { RefundProgress } from './progress.ts'
import { ApproveRefund, awaitsAnswer, isInDoubt, RefuseRefund, RequestRefund } from './refund.ts'

/** How long the request that gives an answer may take before reconciliation takes it over. */
const ANSWERING_LEASE_MS = 60_000

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: RefundProgress
  readonly answering: RefundAnswering
}

export function refundService(deps: Deps) {
  return bound(deps, { approve: approveRefund, refuse: refuseRefund, request: requestRefund })
}

/**
 * Says yes to a refund that waits: the money goes back, and the refund is PROCESSING until it has. A lost answer leaves it
 * UNKNOWN, with a problem; an answer that the provider refuses leaves it PENDING.
 */
async function approveRefund(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(ApproveRefund, input)
  return answerRefund(deps, call, id, { answer: 'APPROVE' })
}

/** Says no to a refund that waits, with a message for the customer. */
async function refuseRefund(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id, message } = validate(RefuseRefund, input)
  return answerRefund(deps, call, id, { answer: 'REFUSE', message })
}

/** Test mode: asks for a payment's money back as the customer would, over the simulator's wire. */
async function requestRefund({ db, clocks, registry, progress }: Deps, call: Call, input: unknown): Promise<Done> {
  const { paymentId, reason } = validate(RequestRefund, input)
  const { actor } = call
  const payment = await db.prisma.payment.findFirst({ where: visible(actor, paymentId) })
  if (!payment) throw notFound('Payment', ['paymentId'])
  const connected = await registry.connected(actor.tenantId, payment.provider)
  const { requestRefund: requestThere } = simulatorOf(payment.provider, connected, actor.mode, ['paymentId'])
  if (!requestThere) {
    const message = `${payment.provider} has no refunds that customers ask for`
    throw new DomainError({ code: 'UNSUPPORTED', message, field: ['paymentId'] })
  }
  const { externalId, source, status } = payment
  if (!hasMoney(payment) || externalId === null) throw invalidState(`The payment is ${status}`, ['paymentId'])
  return actOnce(db, call, {
    at: await clocks.now(actor),
    subjectId: payment.id,
    async begin() {
      if (isRefunded(status)) throw invalidState('The payment is REFUNDED', ['paymentId'])
    },
    async ask({ actId }) {
      await requestThere(actId, externalId, source, reason)
      const refund = await progress.refresh(payment).catch((error) => {
        // It was asked for all the same.
        throw error instanceof ProviderError ? new ProviderAnswerLost(error.failure, { cause: error }) : error
      })
      if (!refund) throw invalidState('The provider has no such refund', ['paymentId'])
      return refund.id
    },
  })
}

/** Keeps the merchant's answer, and then tells the provider. */
async function answerRefund(deps: Deps, call: Call, id: string, reply: RefundReply): Promise<Done> {
  const { db, clocks, registry, answering } = deps
  const { actor } = call
  const { tenantId, paymentId, provider } = await find(deps, actor, id)
  simulationFor(await registry.connected(tenantId, provider), actor.mode)
  const now = await clocks.now(actor)
  const done = await transactOnce(db, call, now, id, async (work) => {
    const { status } = await lockRefund(work.tx, tenantId, id, paymentId)
    if (!awaitsAnswer(status)) throw invalidState(`The refund is ${status} and is not waiting for an answer`, ['id'])
    const data = {
      status: 'PROCESSING' as const,
      answer: reply.answer,
      ...(reply.answer === 'REFUSE' && { merchantMessage: reply.message }),
      nextCheckAt: new Date(now.getTime() + ANSWERING_LEASE_MS),
      checks: 0,
      updatedAt: now,
    }
    announceRefund(work.emit, await work.tx.refund.update({ where: { tenantId_id: { tenantId, id } }, data }))
  })
  const refund = await find(deps, actor, id)
  if (done.replayed) return { ...done, problems: isInDoubt(refund.status) ? await resolve(deps, refund) : [] }
  const problems = await answering.deliver(refund)
  // What came to nothing may be asked for again.
  if (problems.length > 0 && awaitsAnswer((await find(deps, actor, id)).status)) await forget(db, call)
  return { ...done, problems }
}

/** Where nothing can be learned just now, that is what the caller is told. */
async function resolve({ answering }: Deps, refund: RefundRow): Promise<readonly Problem[]> {
  try {
    return await answering.resolve(refund)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return [problemFrom(error)]
  }
}

/** @throws DomainError NOT_FOUND */
async function find({ db }: Deps, actor: Actor, id: string): Promise<RefundRow> {
  const refund = await db.prisma.refund.findFirst({ where: visible(actor, id) })
  if (!refund) throw notFound('Refund', ['id'])
  return refund
}

function visible(actor: Actor, id: string) {
  const mine = ownerOf(actor)
  return { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
}

import { expect, test } from 'vitest'
import type { PaymentRow, RefundRow } from '../../../src/db/rows.ts'
import type { Done } from '../../../src/kernel/actor.ts'
import { DomainError } from '../../../src/kernel/errors.ts'
import { encodeId, newId } from '../../../src/kernel/id.ts'
import { call, eventually } from '../../support/app.ts'
import { arm, armAll, armed, DOUBT, isWithoutEffect, leavesDoubt, problemsOf, toldOf } from './faults.ts'
import { announced, expectBalanced, paymentsOf, postingsOf } from './records.ts'
import { contract, quiet, type Stage, settle, work } from './stage.ts'
import { open, payAll } from './wishes.ts'

type Answer = 'approve' | 'refuse'

/** How a refund ends, with how many postings, and its payment with it. */
const ENDS: Readonly<Record<Answer, { refund: string; postings: number; payment: string }>> = {
  approve: { refund: 'COMPLETED', postings: 1, payment: 'REFUNDED' },
  refuse: { refund: 'REFUSED', postings: 0, payment: 'COMPLETED' },
}

/** Giving money back that a customer asks for, with whatever goes wrong with the answer and the news of it. */
contract(
  'refunds that customers ask for',
  ({ customerRefunds }) => customerRefunds,
  ({ read, ...acts }, stageOf, { faults }) => {
    test.each(['approve', 'refuse'] as const)(
      'a refund to %s is UNKNOWN when that is lost, and answered once',
      async (verb) => {
        const stage = stageOf()
        const sold = await paid(stage, faults.calls)
        for (const [index, { fault, payment }] of sold.entries()) {
          const { id } = await request(stage, payment)
          await arm(stage, fault, acts[verb].act)
          const done = await answer(stage, verb, id, `${verb} ${fault}`)
          expect(await armed(stage), `${fault} did not strike`).toBe(0)
          expect(problemsOf(done), fault).toEqual(toldOf(fault))
          const [row] = await refundsOf(stage, payment)
          // Where it arrived after all, a notification may tell so at any moment.
          if (isWithoutEffect(fault)) expect(row?.status, fault).toBe('UNKNOWN')
          else expect(row?.status, fault).not.toBe('PENDING')
          // Every other one is left to the gateway itself.
          if (index % 2) continue
          const again = await answer(stage, verb, id, `${verb} ${fault}`)
          expect(again, fault).toEqual({ id, replayed: true, problems: [] })
        }
        await settle(stage)
        await expectAllEnded(stage, sold, verb)
      },
    )

    test.each(read.one)('one in doubt that is answered again stays in doubt while %s goes wrong', async (reading) => {
      const stage = stageOf()
      const sold = await paid(stage, faults.calls.filter(leavesDoubt))
      for (const { fault, payment } of sold) {
        const { id } = await request(stage, payment)
        await quiet(stage)
        await arm(stage, 'LOSE_ANSWER_BEFORE', acts.approve.act)
        await answer(stage, 'approve', id, `doubt ${fault}`)
        await arm(stage, fault, reading)
        const again = await answer(stage, 'approve', id, `doubt ${fault}`)
        expect(again.replayed, fault).toBe(true)
        expect(problemsOf(again), fault).toEqual(DOUBT)
      }
      await settle(stage)
      await expectAllEnded(stage, sold, 'approve')
    })

    test.each(read.one)('a refund is given back once, however often %s goes wrong', async (reading) => {
      const stage = stageOf()
      const sold = await paid(stage, ['first', 'second'])
      for (const { payment } of sold) await request(stage, payment)
      await armAll(stage, reading)
      await approveAll(stage, sold)
      expect(await armed(stage)).toBe(0)
      await expectAllEnded(stage, sold, 'approve')
    })

    test.each(read.one)('is asked for once, when %s goes wrong and it is asked for again', async (reading) => {
      const stage = stageOf()
      const sold = await paid(stage, faults.calls)
      for (const { fault, payment } of sold) {
        await arm(stage, fault, reading)
        const wish = () => request(stage, payment, `ask ${fault}`)
        // The notification of it may be read with the fault instead.
        const told = await wish().then(() => [], codesOf)
        expect([[], ['PROVIDER_UNAVAILABLE']], fault).toContainEqual(told)
        await wish()
      }
      await approveAll(stage, sold)
      await expectAllEnded(stage, sold, 'approve')
    })

    test.each(read.all)('one that we did not ask for is found once, however often %s goes wrong', async (reading) => {
      const stage = stageOf()
      await armAll(stage, reading)
      await expectFound(stage)
    })

    test.each(faults.notifications)(
      'one that we did not ask for is found once, with %s of its notifications',
      async (fault) => {
        const stage = stageOf()
        await arm(stage, fault, undefined, { times: 6 })
        await expectFound(stage)
      },
    )
  },
)

/** A payment for each of these. */
async function paid<Fault extends string>(stage: Stage, faults: readonly Fault[]) {
  const opened = []
  for (const fault of faults) opened.push({ fault, ...(await open(stage, 'PAYMENT')) })
  await payAll(stage, opened)
  const sold = []
  for (const { fault, id } of opened) {
    for (const payment of await paymentsOf(stage, id)) sold.push({ fault, payment })
  }
  return sold
}

function request({ app, owner }: Stage, { id }: PaymentRow, key?: string): Promise<Done> {
  const input = { paymentId: encodeId('Payment', id), reason: 'It broke' }
  return app.refunds.request(call(owner, key, input), input)
}

function answer({ app, owner }: Stage, verb: Answer, id: string, key?: string): Promise<Done> {
  const input = { id: encodeId('Refund', id), ...(verb === 'refuse' && { message: 'It was fine' }) }
  return app.refunds[verb](call(owner, key, input), input)
}

function refundsOf({ app, owner }: Stage, { id }: PaymentRow): Promise<RefundRow[]> {
  return app.db.prisma.refund.findMany({ where: { tenantId: owner.tenantId, paymentId: id } })
}

async function approveAll(stage: Stage, sold: readonly { payment: PaymentRow }[]): Promise<void> {
  for (const { payment } of sold) {
    const [row] = await refundsOf(stage, payment)
    expect(problemsOf(await answer(stage, 'approve', row?.id ?? ''))).toEqual([])
  }
  await settle(stage)
}

/** The customers ask at the provider, past the gateway. */
async function expectFound(stage: Stage): Promise<void> {
  const sold = await paid(stage, ['first', 'second'])
  for (const { payment } of sold) {
    await stage.adapter.simulation?.requestRefund?.(newId(), payment.externalId ?? '', payment.source, 'It broke')
  }
  await eventually(async () => {
    await work(stage, 61)
    const found = await Promise.all(sold.map(({ payment }) => refundsOf(stage, payment)))
    return found.flat().length === sold.length && (await armed(stage)) === 0
  })
  await approveAll(stage, sold)
  await expectAllEnded(stage, sold, 'approve')
}

async function expectAllEnded(
  stage: Stage,
  sold: readonly { fault: string; payment: PaymentRow }[],
  verb: Answer,
): Promise<void> {
  for (const { fault, payment } of sold) await expectEnded(stage, fault, payment, verb)
  await expectBalanced(stage)
}

/** One refund that ended so, with its posting, and the payment and the provider say the same. */
async function expectEnded(stage: Stage, fault: string, payment: PaymentRow, verb: Answer): Promise<void> {
  const ends = ENDS[verb]
  const refunds = await refundsOf(stage, payment)
  const [after] = await paymentsOf(stage, payment.checkoutId ?? '')
  const there = await stage.adapter.refunds?.lookup(payment.externalId ?? '', payment.source)
  expect(
    refunds.map(({ status }) => status),
    fault,
  ).toEqual([ends.refund])
  expect(after?.status, `the payment of ${fault}`).toBe(ends.payment)
  expect(there?.state, `${fault} at the provider`).toBe(ends.refund)
  for (const { id } of refunds) {
    expect(await postingsOf(stage, id), `postings of ${fault}`).toBe(ends.postings)
    const told = (await announced(stage, id)).filter((type) => type === `refund.${ends.refund.toLowerCase()}`)
    expect(told, fault).toHaveLength(1)
  }
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof DomainError)) throw error
  return error.problems.map(({ code }) => code)
}

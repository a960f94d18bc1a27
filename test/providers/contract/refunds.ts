import { describe, expect, test } from 'vitest'
import type { PaymentRow, RefundRow } from '../../../src/db/rows.ts'
import { DomainError } from '../../../src/kernel/errors.ts'
import { encodeId, newId } from '../../../src/kernel/id.ts'
import { WEBHOOK_FAULTS } from '../../../src/sandbox/fault-rules.ts'
import { call, eventually } from '../../support/app.ts'
import type { ContractProvider } from './provider.ts'
import { CALL_FAULTS, DOUBT, LOST, problemsOf, type Stage, WITHOUT_EFFECT } from './stage.ts'

/** Giving money back, with whatever goes wrong with the answer and the news of it. */
export function refundContract({ refund }: ContractProvider, stageOf: () => Stage): void {
  async function paid<Fault extends string>(faults: readonly Fault[]) {
    const stage = stageOf()
    const opened = []
    for (const fault of faults) opened.push({ fault, ...(await stage.open('PAYMENT')) })
    await stage.payAll(opened)
    const sold = []
    for (const { fault, id } of opened) for (const payment of await stage.payments(id)) sold.push({ fault, payment })
    return sold
  }

  const request = (stage: Stage, { id }: PaymentRow, key?: string) => {
    const input = { paymentId: encodeId('Payment', id), reason: 'It broke' }
    return stage.shop.app.refunds.request(call(stage.shop.owner, key, input), input)
  }

  const answer = (stage: Stage, verb: 'approve' | 'refuse', id: string, key?: string) => {
    const input = { id: encodeId('Refund', id), ...(verb === 'refuse' && { message: 'It was fine' }) }
    return stage.shop.app.refunds[verb](call(stage.shop.owner, key, input), input)
  }

  const refundsOf = (stage: Stage, { id }: PaymentRow): Promise<RefundRow[]> =>
    stage.shop.app.db.prisma.refund.findMany({ where: { paymentId: id } })

  /** One refund that ended so, with its posting, and the payment and the provider say the same. */
  async function expectEnded(fault: string, payment: PaymentRow, { ended, posted, after }: (typeof ENDS)['approve']) {
    const stage = stageOf()
    const refunds = await refundsOf(stage, payment)
    const [given] = await stage.payments(payment.checkoutId ?? '')
    const there = await stage.adapter.refunds?.lookup(payment.externalId ?? '', payment.source)
    const seen = [refunds.map(({ status }) => status), given?.status, there?.state]
    expect([fault, ...seen]).toEqual([fault, [ended], after, ended])
    for (const { id } of refunds) {
      expect([fault, await stage.postings(id)]).toEqual([fault, posted])
      const ends = (await stage.shop.announced(id)).filter((type) => type === `refund.${ended.toLowerCase()}`)
      expect([fault, ends.length]).toEqual([fault, 1])
    }
  }

  async function approveAll(sold: readonly { payment: PaymentRow }[]): Promise<void> {
    const stage = stageOf()
    for (const { payment } of sold) {
      const [row] = await refundsOf(stage, payment)
      expect(problemsOf(await answer(stage, 'approve', row?.id ?? ''))).toEqual([])
    }
    await stage.settle()
  }

  async function expectAllEnded(
    sold: readonly { fault: string; payment: PaymentRow }[],
    end: (typeof ENDS)['approve'],
  ) {
    for (const { fault, payment } of sold) await expectEnded(fault, payment, end)
    await stageOf().expectBalanced()
  }

  describe.runIf(refund)('a refund', () => {
    test.each(['approve', 'refuse'] as const)('to %s is UNKNOWN when that is lost, and answered once', async (verb) => {
      const stage = stageOf()
      const sold = await paid(CALL_FAULTS)
      for (const [index, { fault, payment }] of sold.entries()) {
        const { id } = await request(stage, payment)
        await stage.arm(fault, refund?.[verb].act)
        const done = await answer(stage, verb, id, `${verb} ${fault}`)
        expect([fault, await stage.armed(), problemsOf(done)]).toEqual([fault, 0, fault === 'DELAY' ? [] : DOUBT])
        const [row] = await refundsOf(stage, payment)
        // Where it arrived after all, a notification may tell so at any moment.
        if (WITHOUT_EFFECT.includes(fault)) expect([fault, row?.status]).toEqual([fault, 'UNKNOWN'])
        else expect([fault, row?.status]).not.toEqual([fault, 'PENDING'])
        // Every other one is left to the gateway itself.
        if (index % 2) continue
        const again = await answer(stage, verb, id, `${verb} ${fault}`)
        expect([fault, again]).toEqual([fault, { id, replayed: true, problems: [] }])
      }
      await stage.settle()
      await expectAllEnded(sold, ENDS[verb])
    })

    const one = refund?.read.one ?? []

    test.each(one)('in doubt that is answered again stays in doubt while %s goes wrong', async (reading) => {
      const stage = stageOf()
      const sold = await paid(LOST)
      for (const { fault, payment } of sold) {
        const { id } = await request(stage, payment)
        await stage.quiet()
        await stage.arm('LOSE_ANSWER_BEFORE', refund?.approve.act)
        await answer(stage, 'approve', id, `doubt ${fault}`)
        await stage.arm(fault, reading)
        const again = await answer(stage, 'approve', id, `doubt ${fault}`)
        expect([fault, again.replayed, problemsOf(again)]).toEqual([fault, true, DOUBT])
      }
      await stage.settle()
      await expectAllEnded(sold, ENDS.approve)
    })

    test.each(one)('is given back once, however often %s goes wrong', async (reading) => {
      const stage = stageOf()
      const sold = await paid(['first', 'second'])
      for (const { payment } of sold) await request(stage, payment)
      for (const fault of CALL_FAULTS) await stage.arm(fault, reading)
      await approveAll(sold)
      expect(await stage.armed()).toBe(0)
      await expectAllEnded(sold, ENDS.approve)
    })

    test.each(one)('is asked for once, when %s goes wrong and it is asked for again', async (reading) => {
      const stage = stageOf()
      const sold = await paid(CALL_FAULTS)
      for (const { fault, payment } of sold) {
        await stage.arm(fault, reading)
        const wish = () => request(stage, payment, `ask ${fault}`)
        // The notification of it may be read with the fault instead.
        const told = await wish().then(() => [], codesOf)
        expect([[], ['PROVIDER_UNAVAILABLE']]).toContainEqual(told)
        await wish()
      }
      await approveAll(sold)
      await expectAllEnded(sold, ENDS.approve)
    })

    async function expectFound(): Promise<void> {
      const stage = stageOf()
      const sold = await paid(['first', 'second'])
      for (const { payment } of sold) {
        await stage.adapter.simulation?.requestRefund(newId(), payment.externalId ?? '', payment.source, 'It broke')
      }
      const [, last] = sold
      await eventually(async () => {
        await stage.work(61)
        return last && (await stage.armed()) === 0 && (await refundsOf(stage, last.payment)).length > 0
      })
      await approveAll(sold)
      await expectAllEnded(sold, ENDS.approve)
    }

    test.each(refund?.read.all ?? [])(
      'that we did not ask for is found once, however often %s goes wrong',
      async (all) => {
        for (const fault of CALL_FAULTS) await stageOf().arm(fault, all)
        await expectFound()
      },
    )

    test.each(WEBHOOK_FAULTS)('that we did not ask for is found once, with %s of its notifications', async (fault) => {
      await stageOf().arm(fault, undefined, { times: 6 })
      await expectFound()
    })
  })
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof DomainError)) throw error
  return error.problems.map(({ code }) => code)
}

/** How a refund ends, with how many postings, and its payment with it. */
const ENDS = {
  approve: { ended: 'COMPLETED', posted: 1, after: 'REFUNDED' },
  refuse: { ended: 'REFUSED', posted: 0, after: 'COMPLETED' },
}

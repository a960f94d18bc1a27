import { describe, expect, test } from 'vitest'
import type { PaymentRow, RefundRow } from '../../../src/db/rows.ts'
import type { Done } from '../../../src/kernel/actor.ts'
import { currency } from '../../../src/kernel/currency.ts'
import { DomainError } from '../../../src/kernel/errors.ts'
import { encodeId, newId } from '../../../src/kernel/id.ts'
import { money } from '../../../src/kernel/money.ts'
import { call, eventually } from '../../support/app.ts'
import { arm, armAll, armed, DOUBT, isWithoutEffect, leavesDoubt, problemsOf, toldOf } from './faults.ts'
import type { RefundEnd } from './provider.ts'
import { announced, expectBalanced, paymentsOf, postingsOf } from './records.ts'
import { contract, quiet, type Stage, settle, work } from './stage.ts'
import { open, payAll } from './wishes.ts'

/** Giving money back that the merchant decides to, with whatever goes wrong with the call and the news of it. */
contract(
  'refunds that the merchant issues',
  ({ issuedRefunds }) => issuedRefunds,
  ({ issue, read, decide }, stageOf, { faults }) => {
    test('one whose answer is lost is UNKNOWN, is found by our id and paid once', async () => {
      const stage = stageOf()
      const sold = await paid(stage, faults.calls)
      for (const [index, { fault, payment }] of sold.entries()) {
        await arm(stage, fault, issue.act)
        const done = await create(stage, payment, { key: `issue ${fault}` })
        expect(await armed(stage), `${fault} did not strike`).toBe(0)
        expect(problemsOf(done), fault).toEqual(toldOf(fault))
        const [row] = await refundsOf(stage, payment)
        // Where it arrived after all, a notification may tell so at any moment.
        if (isWithoutEffect(fault)) expect(row?.status, fault).toBe('UNKNOWN')
        // Every other one is left to the gateway itself.
        if (index % 2) continue
        const again = await create(stage, payment, { key: `issue ${fault}` })
        expect(again, fault).toEqual({ id: done.id, replayed: true, problems: [] })
      }
      await settle(stage)
      await expectAllPaidBack(stage, sold)
    })

    test.each(read.one)('one in doubt stays in doubt while %s goes wrong, and is paid once', async (reading) => {
      const stage = stageOf()
      const sold = await paid(stage, faults.calls.filter(leavesDoubt))
      for (const { fault, payment } of sold) {
        await quiet(stage)
        await arm(stage, 'LOSE_ANSWER_BEFORE', issue.act)
        await create(stage, payment, { key: `doubt ${fault}` })
        await arm(stage, fault, reading)
        const again = await create(stage, payment, { key: `doubt ${fault}` })
        expect(again.replayed, fault).toBe(true)
        expect(problemsOf(again), fault).toEqual(DOUBT)
      }
      await settle(stage)
      await expectAllPaidBack(stage, sold)
    })

    test.each(read.one)('a refund is paid once, however often %s goes wrong', async (reading) => {
      const stage = stageOf()
      const sold = await paid(stage, ['first', 'second'])
      await armAll(stage, reading)
      for (const { payment } of sold) expect(problemsOf(await create(stage, payment))).toEqual([])
      await settle(stage)
      expect(await armed(stage)).toBe(0)
      await expectAllPaidBack(stage, sold)
    })

    test.each(faults.notifications)('a refund is paid once, with %s of its notifications', async (fault) => {
      const stage = stageOf()
      const sold = await paid(stage, ['first', 'second'])
      await arm(stage, fault, undefined, { times: 4 })
      for (const { payment } of sold) await create(stage, payment)
      await settle(stage)
      await expectAllPaidBack(stage, sold)
    })

    test.each(read.all)(
      'one that was issued past the gateway is found once, however often %s goes wrong',
      async (reading) => {
        const stage = stageOf()
        const sold = await paid(stage, ['first', 'second'])
        await armAll(stage, reading)
        for (const { payment } of sold) await issueThere(stage, payment, payment.amountMinor)
        await eventually(async () => {
          await work(stage, 61)
          const found = await Promise.all(sold.map(({ payment }) => refundsOf(stage, payment)))
          return found.flat().length === sold.length && (await armed(stage)) === 0
        })
        await settle(stage)
        await expectAllPaidBack(stage, sold)
      },
    )

    test.each([
      ['before the provider was asked', 'LOSE_ANSWER_BEFORE'],
      ['before the answer was kept', 'LOSE_ANSWER_AFTER'],
    ] as const)('one whose request died %s is gone on with and paid once', async (_, fault) => {
      const stage = stageOf()
      const sold = await paid(stage, ['first', 'second'])
      for (const { payment } of sold) {
        await arm(stage, fault, issue.act)
        await forgetAnswer(stage, await create(stage, payment))
      }
      await settle(stage)
      await expectAllPaidBack(stage, sold)
    })

    describe('of a payment', () => {
      test('may be several, of which those on their way count, also at the same moment', async () => {
        const stage = stageOf()
        const [{ payment }] = (await paid(stage, ['several'])) as [Sold]
        const wishes = ['600', '600', '600'].map((amount) => create(stage, payment, { amount }).then(() => [], codesOf))
        const answers = (await Promise.all(wishes)).sort()
        expect(answers).toEqual([[], ['OUT_OF_RANGE'], ['OUT_OF_RANGE']])
        await expect(create(stage, payment, { amount: '401' })).rejects.toThrow('must be at most 400 JPY')
        expect(problemsOf(await create(stage, payment))).toEqual([])
        await expect(create(stage, payment, { amount: '1' })).rejects.toThrow('not completed yet')
        await settle(stage)
        const refunds = await refundsOf(stage, payment)
        expect(refunds.map(({ status, amountMinor }) => [status, amountMinor])).toEqual([
          ['COMPLETED', 600n],
          ['COMPLETED', 400n],
        ])
        await expectPaidBack(stage, 'several', payment)
        await expect(create(stage, payment)).rejects.toThrow('already refunded in full')
        await expectBalanced(stage)
      })

      test('take their full part of the payment each, and leave the rest of it', async () => {
        const stage = stageOf()
        const [{ payment }] = (await paid(stage, ['part'])) as [Sold]
        await create(stage, payment, { amount: '1' })
        await settle(stage)
        const [after] = await paymentsOf(stage, payment.checkoutId ?? '')
        expect(after).toMatchObject({ status: 'COMPLETED', refundedMinor: 1n })
        const [refund] = await refundsOf(stage, payment)
        expect(refund).toMatchObject({ status: 'COMPLETED', issued: true, amountMinor: 1n, reason: 'It broke' })
        await expectBalanced(stage)
      })
    })

    test.each([
      ['FAILED_FOR_NOW', true],
      ['FAILED_FOR_GOOD', false],
      ['REFUSED_FOR_NOW', true],
    ] as const)(
      'one that is %s keeps why in the provider’s words and whether it may be tried later, and gives nothing back',
      async (end, retryable) => {
        const stage = stageOf()
        const [{ payment }] = (await paid(stage, [end])) as [Sold]
        await decide(stage.account, end)
        const done = await create(stage, payment, { key: end })
        const told = isAtOnce(end) ? [['PROVIDER_REFUSED', retryable]] : []
        expect(problemsOf(done)).toEqual(told)
        await settle(stage)
        const [refund] = await refundsOf(stage, payment)
        expect(refund).toMatchObject({ status: 'FAILED', retryable, failureMessage: expect.stringMatching(/^the /) })
        expect(await postingsOf(stage, done.id)).toBe(0)
        expect(await announced(stage, done.id)).toEqual(['refund.processing', 'refund.failed'])
        // A repeat is told the same, and another key is another refund.
        const again = await create(stage, payment, { key: end })
        expect([again.id, again.replayed, problemsOf(again)]).toEqual([done.id, true, told])
        await decide(stage.account, 'PAID')
        expect(problemsOf(await create(stage, payment))).toEqual([])
        await settle(stage)
        await expectPaidBack(stage, end, payment)
        await expectBalanced(stage)
      },
    )

    test('one of more than the provider has left is refused for good', async () => {
      const stage = stageOf()
      const [{ payment }] = (await paid(stage, ['left'])) as [Sold]
      await issueThere(stage, payment, 1n)
      const done = await create(stage, payment)
      expect(problemsOf(done)).toEqual([['PROVIDER_REFUSED', false]])
      await settle(stage)
      const refunds = await refundsOf(stage, payment)
      expect(refunds.map(({ status, issued, amountMinor }) => [status, issued, amountMinor]).sort()).toEqual([
        ['COMPLETED', false, 1n],
        ['FAILED', true, payment.amountMinor],
      ])
      await expectBalanced(stage)
    })
  },
)

interface Sold {
  readonly fault: string
  readonly payment: PaymentRow
}

function isAtOnce(end: RefundEnd): boolean {
  return end === 'REFUSED_FOR_NOW'
}

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

function create(
  { app, owner }: Stage,
  payment: PaymentRow,
  { amount, key }: { amount?: string; key?: string } = {},
): Promise<Done> {
  const part = amount === undefined ? {} : { amount: { amount, currency: payment.currency } }
  const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke', ...part }
  return app.refunds.create(call(owner, key, input), input)
}

/** Leaves the refund as a process does that dies while its request is under way. */
async function forgetAnswer({ app, owner: { tenantId } }: Stage, { id }: Done): Promise<void> {
  const data = { status: 'PROCESSING' as const, externalId: id, respondedAt: null }
  await app.db.prisma.refund.update({ where: { tenantId_id: { tenantId, id } }, data })
}

/** As another program of the merchant would, with an id that is none of ours. */
async function issueThere({ adapter }: Stage, payment: PaymentRow, minor: bigint): Promise<void> {
  await adapter.refunds?.issuing?.issue({
    ourId: newId(),
    payment: payment.externalId ?? '',
    source: payment.source,
    amount: money(minor, currency(payment.currency)),
    reason: 'It broke',
  })
}

function refundsOf({ app, owner }: Stage, { id }: PaymentRow): Promise<RefundRow[]> {
  const where = { tenantId: owner.tenantId, paymentId: id }
  return app.db.prisma.refund.findMany({ where, orderBy: { createdAt: 'asc' } })
}

async function expectAllPaidBack(stage: Stage, sold: readonly Sold[]): Promise<void> {
  for (const { fault, payment } of sold) {
    expect(await refundsOf(stage, payment), fault).toHaveLength(1)
    await expectPaidBack(stage, fault, payment)
  }
  await expectBalanced(stage)
}

/** All of the payment went back, here as there, with one posting for each refund that was paid. */
async function expectPaidBack(stage: Stage, fault: string, payment: PaymentRow): Promise<void> {
  const refunds = (await refundsOf(stage, payment)).filter(({ status }) => status !== 'FAILED')
  const [after] = await paymentsOf(stage, payment.checkoutId ?? '')
  expect(after?.status, `the payment of ${fault}`).toBe('REFUNDED')
  for (const { id, issued, status, externalId } of refunds) {
    expect(status, fault).toBe('COMPLETED')
    expect(await postingsOf(stage, id), `postings of ${fault}`).toBe(1)
    expect(
      (await announced(stage, id)).filter((type) => type === 'refund.completed'),
      fault,
    ).toHaveLength(1)
    const there = issued ? await stage.adapter.refunds?.issuing?.find(encodeId('Refund', id)) : undefined
    if (issued) expect(there, fault).toMatchObject({ state: 'COMPLETED', reference: externalId })
  }
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof DomainError)) throw error
  return error.problems.map(({ code }) => code)
}

import { describe, expect, test } from 'vitest'
import type { SubscriptionRow } from '../../../src/db/rows.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import { call } from '../../support/app.ts'
import type { ContractProvider } from './provider.ts'
import { CALL_FAULTS, DOUBT, LOST, problemsOf, type Stage } from './stage.ts'

const MONTH_SECONDS = 32 * 86_400

/** What goes on without anybody at a page: bills, usage and the end. */
export function subscriptionContract(provider: ContractProvider, stageOf: () => Stage): void {
  const { subscription: reading, forceCancel, testBilling, reportUsage } = provider

  describe.runIf(reading)('a subscription', () => {
    test.each(reading?.life ?? [])('is billed once a period, however often %s goes wrong', async (call) => {
      const stage = stageOf()
      const begun = await stage.subscribe('SUBSCRIPTION', ['first', 'second'])
      for (const month of [2, 3]) {
        for (const fault of CALL_FAULTS) await stage.arm(fault, call)
        await stage.work(MONTH_SECONDS)
        await stage.settle()
        for (const each of begun) await stage.expectBills(each, month)
      }
      expect(await stage.armed()).toBe(0)
      await stage.expectBalanced()
    })
  })

  describe.runIf(forceCancel)('the end of a subscription', () => {
    const act = forceCancel?.act
    const wish = (stage: Stage, { id }: SubscriptionRow, key: string) => {
      const input = { id: encodeId('Subscription', id) }
      return stage.shop.app.subscriptions.forceCancel(call(stage.shop.owner, key, input), input)
    }

    test('that meets a fault is told as a doubt, and comes once', async () => {
      const stage = stageOf()
      const begun = await stage.subscribe('SUBSCRIPTION', CALL_FAULTS)
      for (const each of begun) {
        const { fault } = each
        await stage.arm(fault, act)
        const done = await wish(stage, each, `end ${fault}`)
        expect([fault, await stage.armed()]).toEqual([fault, 0])
        expect([fault, problemsOf(done)]).toEqual([fault, fault === 'DELAY' ? [] : DOUBT])
        // What certainly did not happen is taken back, and may be wished anew under the same key.
        const again = await wish(stage, each, `end ${fault}`)
        expect([fault, again.replayed, problemsOf(again)]).toEqual([fault, fault !== 'RATE_LIMITED', []])
      }
      await stage.settle()
      for (const { fault, id, externalId } of begun) {
        const row = await stage.subscription(id)
        const there = await stage.adapter.subscriptions?.find(externalId ?? '')
        expect([fault, row.status, there?.status]).toEqual([fault, 'CANCELLED', 'CANCELLED'])
        const events = await stage.shop.announced(id)
        const ends = events.filter((type) => type === 'subscription.cancelled')
        expect([fault, ends.length, events.at(-1)]).toEqual([fault, 1, 'subscription.cancelled'])
      }
      await stage.expectBalanced()
    })
  })

  test.runIf(testBilling)('a bill that is asked for is there once, or is that of the period', async () => {
    const stage = stageOf()
    const { app, owner } = stage.shop
    const begun = await stage.subscribe('SUBSCRIPTION', CALL_FAULTS)
    for (const { fault, id } of begun) {
      await stage.arm(fault, testBilling?.act)
      const input = { id: encodeId('Subscription', id) }
      const wish = () => app.subscriptions.executeTestBilling(call(owner, `bill ${fault}`, input), input)
      const done = await wish()
      expect([fault, await stage.armed(), problemsOf(done)]).toEqual([fault, 0, fault === 'DELAY' ? [] : DOUBT])
      const again = await wish()
      expect([fault, again.replayed, problemsOf(again)]).toEqual([fault, fault !== 'RATE_LIMITED', []])
    }
    await stage.work(MONTH_SECONDS)
    await stage.settle()
    for (const { fault, ...each } of begun) {
      const there = await stage.adapter.subscriptions?.billings(each.externalId ?? '')
      expect([fault, there?.length]).toEqual([fault, 2])
      await stage.expectBills(each, 2)
    }
    await stage.expectBalanced()
  })

  describe.runIf(reportUsage)('a report of usage', () => {
    const { act, before = [] } = reportUsage ?? { act: '' }

    test.each([act, ...before])('counts once, with what goes wrong with %s', async (step) => {
      const stage = stageOf()
      const { app, owner } = stage.shop
      const begun = await stage.subscribe('PAY_AS_YOU_GO', CALL_FAULTS)
      for (const { fault, id } of begun) {
        await stage.arm(fault, step)
        const input = { id: encodeId('Subscription', id), units: '1.5' }
        const wish = () => app.subscriptions.reportUsage(call(owner, `use ${step} ${fault}`, input), input)
        const done = await wish()
        expect([fault, await stage.armed()]).toEqual([fault, 0])
        expect([fault, problemsOf(done)]).toEqual([fault, fault === 'DELAY' ? [] : DOUBT])
        expect([fault, await wish()]).toMatchObject([fault, { replayed: true }])
      }
      await stage.settle()
      for (const { fault, id, externalId } of begun) {
        const reports = await app.db.prisma.usageReport.findMany({ where: { subscriptionId: id } })
        expect([fault, reports.map(({ state }) => state)]).toEqual([fault, ['CONFIRMED']])
        const there = await stage.adapter.subscriptions?.find(externalId ?? '')
        expect([fault, there?.unitsMillionths]).toEqual([fault, 1_500_000n])
      }
      await stage.work(MONTH_SECONDS)
      await stage.settle()
      for (const each of begun) await stage.expectBills(each, 1)
      await stage.expectBalanced()
    })

    test('that follows one in doubt waits for it, and each counts once', async () => {
      const stage = stageOf()
      const { app, owner } = stage.shop
      const begun = await stage.subscribe('PAY_AS_YOU_GO', LOST)
      for (const { fault, id } of begun) {
        await stage.arm(fault, act)
        for (const units of ['1', '2', '4']) {
          await app.subscriptions.reportUsage(call(owner), { id: encodeId('Subscription', id), units })
        }
      }
      await stage.settle()
      for (const { fault, externalId } of begun) {
        const there = await stage.adapter.subscriptions?.find(externalId ?? '')
        expect([fault, there?.unitsMillionths]).toEqual([fault, 7_000_000n])
      }
    })
  })
}

import { expect, test } from 'vitest'
import type { SubscriptionRow } from '../../../src/db/rows.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import { call } from '../../support/app.ts'
import { arm, armAll, armed, problemsOf, toldOf } from './faults.ts'
import { announced, expectBalanced, expectBills, subscriptionOf } from './records.ts'
import { contract, type Stage, settle, turn } from './stage.ts'
import { subscribe } from './wishes.ts'

const MONTH_SECONDS = 32 * 86_400

/** What goes on without anybody at a page: bills and the end. */
contract(
  'subscriptions',
  ({ subscriptions }) => subscriptions,
  ({ read, forceCancel, testBilling }, stageOf, { faults }) => {
    test.each(read.life)('a subscription is billed once a period, however often %s goes wrong', async (reading) => {
      const stage = stageOf()
      const begun = await subscribe(stage, 'SUBSCRIPTION', ['first', 'second'])
      for (const month of [2, 3]) {
        await armAll(stage, reading)
        await turn(stage, MONTH_SECONDS)
        await settle(stage)
        for (const each of begun) await expectBills(stage, each, month)
      }
      expect(await armed(stage)).toBe(0)
      await expectBalanced(stage)
    })

    test.runIf(forceCancel)(
      'the end of a subscription that meets a fault is told as a doubt, and comes once',
      async () => {
        const stage = stageOf()
        const begun = await subscribe(stage, 'SUBSCRIPTION', faults.calls)
        for (const { fault, id } of begun) {
          await arm(stage, fault, forceCancel?.act)
          const done = await end(stage, id, `end ${fault}`)
          expect(await armed(stage), `${fault} did not strike`).toBe(0)
          expect(problemsOf(done), fault).toEqual(toldOf(fault))
          // What certainly did not happen is taken back, and may be wished anew under the same key.
          const again = await end(stage, id, `end ${fault}`)
          expect(again.replayed, fault).toBe(fault !== 'RATE_LIMITED')
          expect(problemsOf(again), fault).toEqual([])
        }
        await settle(stage)
        for (const each of begun) await expectCancelled(stage, each.fault, each)
        await expectBalanced(stage)
      },
    )

    test.runIf(testBilling)('a bill that is asked for is there once, or is that of the period', async () => {
      const stage = stageOf()
      const begun = await subscribe(stage, 'SUBSCRIPTION', faults.calls)
      for (const { fault, id } of begun) {
        await arm(stage, fault, testBilling?.act)
        const done = await bill(stage, id, `bill ${fault}`)
        expect(await armed(stage), `${fault} did not strike`).toBe(0)
        expect(problemsOf(done), fault).toEqual(toldOf(fault))
        const again = await bill(stage, id, `bill ${fault}`)
        expect(again.replayed, fault).toBe(fault !== 'RATE_LIMITED')
        expect(problemsOf(again), fault).toEqual([])
      }
      await turn(stage, MONTH_SECONDS)
      await settle(stage)
      for (const { fault, ...each } of begun) {
        const there = await stage.adapter.subscriptions?.billings(each.externalId ?? '')
        expect(there, fault).toHaveLength(2)
        await expectBills(stage, each, 2)
      }
      await expectBalanced(stage)
    })
  },
)

function end({ app, owner }: Stage, id: string, key: string) {
  const input = { id: encodeId('Subscription', id) }
  return app.subscriptions.forceCancel(call(owner, key, input), input)
}

function bill({ app, owner }: Stage, id: string, key: string) {
  const input = { id: encodeId('Subscription', id) }
  return app.subscriptions.executeTestBilling(call(owner, key, input), input)
}

/** It has ended here as there, and its end was told once and last. */
async function expectCancelled(stage: Stage, fault: string, { id, externalId }: SubscriptionRow): Promise<void> {
  const there = await stage.adapter.subscriptions?.find(externalId ?? '')
  expect((await subscriptionOf(stage, id)).status, fault).toBe('CANCELLED')
  expect(there?.status, `${fault} at the provider`).toBe('CANCELLED')
  const events = await announced(stage, id)
  const ends = events.filter((type) => type === 'subscription.cancelled')
  expect(ends, fault).toHaveLength(1)
  expect(events.at(-1), fault).toBe('subscription.cancelled')
}

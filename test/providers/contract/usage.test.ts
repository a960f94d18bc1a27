import { expect, test } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import { call } from '../../support/app.ts'
import { arm, armed, leavesDoubt, problemsOf, toldOf } from './faults.ts'
import { expectBalanced, expectBills } from './records.ts'
import { contract, type Stage, settle, turn } from './stage.ts'
import { subscribe } from './wishes.ts'

const MONTH_SECONDS = 32 * 86_400

/** What was used in a period, which is billed at its end. */
contract(
  'reports of usage',
  ({ reportUsage }) => reportUsage,
  ({ act, before = [] }, stageOf, { faults }) => {
    test.each([act, ...before])('a report counts once, with what goes wrong with %s', async (step) => {
      const stage = stageOf()
      const begun = await subscribe(stage, 'PAY_AS_YOU_GO', faults.calls)
      for (const { fault, id } of begun) {
        await arm(stage, fault, step)
        const done = await report(stage, id, '1.5', `use ${fault}`)
        expect(await armed(stage), `${fault} did not strike`).toBe(0)
        expect(problemsOf(done), fault).toEqual(toldOf(fault))
        expect((await report(stage, id, '1.5', `use ${fault}`)).replayed, fault).toBe(true)
      }
      await settle(stage)
      for (const { fault, id, externalId } of begun) {
        const reports = await stage.app.db.prisma.usageReport.findMany({ where: { subscriptionId: id } })
        expect(
          reports.map(({ state }) => state),
          fault,
        ).toEqual(['CONFIRMED'])
        expect(await unitsAt(stage, externalId), fault).toBe(1_500_000n)
      }
      await turn(stage, MONTH_SECONDS)
      await settle(stage)
      for (const each of begun) await expectBills(stage, each, 1)
      await expectBalanced(stage)
    })

    test('a report that follows one in doubt waits for it, and each counts once', async () => {
      const stage = stageOf()
      const begun = await subscribe(stage, 'PAY_AS_YOU_GO', faults.calls.filter(leavesDoubt))
      for (const { fault, id } of begun) {
        await arm(stage, fault, act)
        for (const units of ['1', '2', '4']) await report(stage, id, units)
      }
      await settle(stage)
      for (const { fault, externalId } of begun) expect(await unitsAt(stage, externalId), fault).toBe(7_000_000n)
    })
  },
)

function report({ app, owner }: Stage, id: string, units: string, key?: string) {
  const input = { id: encodeId('Subscription', id), units }
  return app.subscriptions.reportUsage(call(owner, key, input), input)
}

/** What the provider counts in this period, in millionths of a unit. */
async function unitsAt({ adapter }: Stage, externalId: string | null): Promise<bigint | undefined> {
  return (await adapter.subscriptions?.find(externalId ?? ''))?.unitsMillionths
}

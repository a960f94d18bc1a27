import { describe, expect, test } from 'vitest'
import { arm, armed, leavesDoubt, problemsOf, toldOf } from './faults.ts'
import { announced, checkoutOf, expectBalanced } from './records.ts'
import { contract, settle } from './stage.ts'
import { cancel, newLinks, open, payAll, referencesOf, retry } from './wishes.ts'

/** Opening a page to pay through, with whatever goes wrong on the way. */
contract(
  'opening checkouts',
  ({ opening }) => opening,
  (opening, stageOf, { faults }) => {
    describe.each(Object.entries(opening))('a checkout of the kind %s', (kind, { act, before = [] }) => {
      test('whose opening goes wrong is UNKNOWN, and OPEN once the provider is asked again', async () => {
        const stage = stageOf()
        const opened = []
        for (const fault of faults.calls) {
          await arm(stage, fault, act)
          const done = await open(stage, kind)
          expect(await armed(stage), `${fault} did not strike`).toBe(0)
          expect((await checkoutOf(stage, done)).status, fault).toBe(leavesDoubt(fault) ? 'UNKNOWN' : 'OPEN')
          expect(problemsOf(done), fault).toEqual(toldOf(fault))
          opened.push({ fault, ...done })
        }
        await settle(stage)
        for (const { fault, ...done } of opened) {
          expect((await checkoutOf(stage, done)).status, fault).toBe('OPEN')
          const doubt = leavesDoubt(fault) ? ['checkout.unknown'] : []
          expect(await announced(stage, done.id), fault).toEqual(['checkout.created', ...doubt, 'checkout.opened'])
        }
        await payAll(stage, opened)
      })

      test('that is wished for again under its key after a lost answer is the same one, with one page', async () => {
        const stage = stageOf()
        const opened = []
        for (const fault of faults.calls.filter(leavesDoubt)) {
          await arm(stage, fault, act)
          const wish = () => open(stage, kind, `open ${kind} ${fault}`)
          const first = await wish()
          const repeated = { id: first.id, replayed: true, problems: [] }
          expect(await wish(), fault).toEqual(repeated)
          const { status, url } = await checkoutOf(stage, first)
          expect(status, fault).toBe('OPEN')
          expect(await wish(), fault).toEqual(repeated)
          expect((await checkoutOf(stage, first)).url, fault).toBe(url)
          opened.push({ fault, ...first })
        }
        await payAll(stage, opened)
      })

      test('that has ended is opened anew, whatever goes wrong with that, and paid once', async () => {
        const stage = stageOf()
        const opened = []
        for (const fault of faults.calls) {
          const { id } = await open(stage, kind)
          await cancel(stage, id)
          const { externalId } = await checkoutOf(stage, { id })
          await arm(stage, fault, act)
          const done = await retry(stage, id, `retry ${kind} ${fault}`)
          expect(await armed(stage), `${fault} did not strike`).toBe(0)
          expect(problemsOf(done), fault).toEqual(toldOf(fault))
          // Every other program asks again, and the rest is left to the gateway.
          if (opened.length % 2) expect(problemsOf(await retry(stage, id, `retry ${kind} ${fault}`))).toEqual([])
          opened.push({ fault, id, externalId })
        }
        await settle(stage)
        for (const { fault, id, externalId } of opened) {
          const checkout = await checkoutOf(stage, { id })
          expect([checkout.status, checkout.session], fault).toEqual(['OPEN', 2])
          expect(checkout.externalId, fault).not.toBe(externalId)
        }
        await payAll(stage, opened)
      })

      test.each(before)('outlives what goes wrong with %s, of which it makes one copy', async (step) => {
        const stage = stageOf()
        const opened = []
        for (const fault of faults.calls) {
          const links = await newLinks(stage)
          await arm(stage, fault, step)
          const done = await open(stage, kind, undefined, links)
          expect(await armed(stage), `${fault} did not strike`).toBe(0)
          // What is there already is found at once, and leaves no doubt.
          const { status } = await checkoutOf(stage, done)
          expect(['OPEN', 'UNKNOWN'], fault).toContain(status)
          expect(problemsOf(done), fault).toEqual(status === 'OPEN' ? [] : toldOf(fault))
          opened.push({ fault, links, ...done })
        }
        await settle(stage)
        for (const { fault, links, ...done } of opened) {
          expect((await checkoutOf(stage, done)).status, fault).toBe('OPEN')
          const references = await referencesOf(stage, links)
          expect(references.filter(Boolean), fault).toHaveLength(2)
          const again = await open(stage, kind, undefined, links)
          expect((await checkoutOf(stage, again)).status, fault).toBe('OPEN')
          expect(await referencesOf(stage, links), fault).toEqual(references)
        }
        await expectBalanced(stage)
      })
    })
  },
)

import { describe, expect, test } from 'vitest'
import type { Done } from '../../../src/kernel/actor.ts'
import type { ContractProvider } from './provider.ts'
import { CALL_FAULTS, DOUBT, LOST, newLinks, problemsOf, type Stage } from './stage.ts'

/** Opening a page to pay through, with whatever goes wrong on the way. */
export function checkoutContract(provider: ContractProvider, stageOf: () => Stage): void {
  const status = async ({ id }: Done) => (await stageOf().shop.checkout(id)).status

  describe.each(Object.entries(provider.opening))('a checkout of the kind %s', (kind, { act, before = [] }) => {
    test('whose opening goes wrong is UNKNOWN, and OPEN once the provider is asked again', async () => {
      const stage = stageOf()
      const opened = []
      for (const fault of CALL_FAULTS) {
        await stage.arm(fault, act)
        const done = await stage.open(kind)
        expect([fault, await stage.armed()]).toEqual([fault, 0])
        const right = fault === 'DELAY' ? ['OPEN', []] : ['UNKNOWN', DOUBT]
        expect([fault, await status(done), problemsOf(done)]).toEqual([fault, ...right])
        opened.push({ fault, ...done })
      }
      await stage.settle()
      for (const { fault, ...done } of opened) {
        const unknown = fault === 'DELAY' ? [] : ['checkout.unknown']
        const steps = ['checkout.created', ...unknown, 'checkout.opened']
        expect([fault, await status(done), await stage.shop.announced(done.id)]).toEqual([fault, 'OPEN', steps])
      }
      await stage.payAll(opened)
    })

    test('that is wished for again under its key after a lost answer is the same one, with one page', async () => {
      const stage = stageOf()
      const opened = []
      for (const fault of LOST) {
        await stage.arm(fault, act)
        const wish = () => stage.open(kind, `open ${kind} ${fault}`)
        const first = await wish()
        const repeated = { id: first.id, replayed: true, problems: [] }
        expect([fault, await wish()]).toEqual([fault, repeated])
        const { status, url } = await stage.shop.checkout(first.id)
        expect([fault, await wish(), status]).toEqual([fault, repeated, 'OPEN'])
        expect((await stage.shop.checkout(first.id)).url).toBe(url)
        opened.push({ fault, ...first })
      }
      await stage.payAll(opened)
    })

    test.each(before)('outlives what goes wrong with %s, of which it makes one copy', async (step) => {
      const stage = stageOf()
      const opened = []
      for (const fault of CALL_FAULTS) {
        const links = await newLinks(stage)
        await stage.arm(fault, step)
        const done = await stage.open(kind, undefined, links)
        expect([fault, await stage.armed()]).toEqual([fault, 0])
        const told = [await status(done), problemsOf(done)]
        expect([fault, told]).toEqual([fault, told[0] === 'OPEN' ? ['OPEN', []] : ['UNKNOWN', DOUBT]])
        opened.push({ fault, links, ...done })
      }
      await stage.settle()
      for (const { fault, links, ...done } of opened) {
        expect([fault, await status(done)]).toEqual([fault, 'OPEN'])
        const references = await stage.references(links)
        const again = await stage.open(kind, undefined, links)
        expect([fault, await status(again), await stage.references(links)]).toEqual([fault, 'OPEN', references])
        expect(references.filter(Boolean)).toHaveLength(2)
      }
      await stage.expectBalanced()
    })
  })
}

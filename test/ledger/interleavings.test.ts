import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { openApp, type TestApp, testApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { atOnce, oneByOne, type Wanted } from './commands.ts'
import { openStage } from './stage.ts'

/** How long each property looks for a counterexample. A failure names its seed, which TEST_SEED repeats. */
const LOOK_MS = Number(process.env.LEDGER_LOOK_MS ?? 8_000)
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

const clock = turnableClock()
let house: TestApp
let node: App

beforeAll(async () => {
  house = await testApp({ clock })
  node = await openApp(house.databaseUrl, { clock })
})
afterAll(async () => {
  await node.close()
  await house.close()
})

test.each([
  ['one after the other, every command is done or refused as the model says', oneByOne],
  ['up to 64 at once, what was done could have been done one after the other', atOnce],
])(
  '%s, and the books agree after each step',
  async (_, batches) => {
    let done = 0
    const refused = new Map<string, number>()
    let run = Promise.resolve()
    async function playThrough(steps: Wanted[][]): Promise<void> {
      const stage = await openStage([house.app, node], clock)
      for (const [number, batch] of steps.entries()) {
        const played = await stage.play(batch, number)
        done += played.done
        for (const code of played.refused) refused.set(code, (refused.get(code) ?? 0) + 1)
      }
      expect(await stage.breaks()).toEqual([])
    }
    const property = fc.asyncProperty<[Wanted[][]]>(batches, (steps) => {
      run = playThrough(steps)
      return run
    })
    await fc.assert(property, { seed: SEED, numRuns: 100_000, interruptAfterTimeLimit: LOOK_MS, endOnFailure: true })
    // The last run is let go when the time is up, and would turn the clock under the next property.
    await run
    expect(Math.min(done, refused.size)).toBeGreaterThan(0)
  },
  LOOK_MS + 30_000,
)

import { expect, test } from 'vitest'
import { recent } from '../../src/kernel/recent.ts'

test('what was kept last is there, and what was kept before so many others is not', () => {
  const kept = recent<number>(2)
  kept.set('a', 1)
  kept.set('b', 2)
  kept.set('a', 3)
  kept.set('c', 4)
  expect(['a', 'b', 'c'].map(kept.get)).toEqual([3, undefined, 4])
})

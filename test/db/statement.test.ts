import { expect, test } from 'vitest'

test('statements without end have no more than two hundred names, and each keeps its own', async () => {
  // A process has its names once, and other tests of this one need some: these are taken from a module of their own.
  const own = '../../src/db/statement.ts?names'
  const { nameOf }: typeof import('../../src/db/statement.ts') = await import(own)
  const names = Array.from({ length: 1_000 }, (_, n) => nameOf('payment', `SELECT ${n}`))
  const given = names.filter((name) => name !== undefined)
  expect([given.length, new Set(given).size]).toEqual([200, 200])
  expect(Array.from({ length: 1_000 }, (_, n) => nameOf('payment', `SELECT ${n}`))).toEqual(names)
})

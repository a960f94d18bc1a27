import { expect, test } from 'vitest'
import { nameOf } from '../../src/db/statement.ts'

test('statements without end have no more than two hundred names, and each keeps its own', () => {
  const names = Array.from({ length: 1_000 }, (_, n) => nameOf('payment', `SELECT ${n}`))
  const given = names.filter((name) => name !== undefined)
  expect([given.length, new Set(given).size]).toEqual([200, 200])
  expect(Array.from({ length: 1_000 }, (_, n) => nameOf('payment', `SELECT ${n}`))).toEqual(names)
})

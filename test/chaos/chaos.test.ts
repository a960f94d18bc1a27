import { expect, test } from 'vitest'
import { runChaos } from './chaos.ts'

test('with the database restarting, connections ended and a node killed, what is acknowledged happens once', async () => {
  const seed = Date.now() % 1_000_000
  const report = await runChaos({ seconds: 15, seed, databaseRestarts: 1, nodeKills: 1, log: () => {} })
  expect({ seed, failures: report.failures }).toEqual({ seed, failures: [] })
  expect(report.acknowledged).toBeGreaterThan(20)
  expect(report.connectionsTerminated).toBeGreaterThan(0)
  expect(report.events).toBeGreaterThan(20)
}, 300_000)

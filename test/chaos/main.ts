import { parseArgs } from 'node:util'
import { runChaos } from './chaos.ts'

/** `npm run chaos`: two minutes of trouble, and what came of it. `-- --seconds 60 --seed 7` for another run. */
const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
const { failures, ...figures } = await runChaos({
  seconds: Number(values.seconds ?? 120),
  seed: Number(values.seed ?? Date.now() % 1_000_000),
  databaseRestarts: 2,
  nodeKills: 3,
  log: (line) => console.log(line),
})
console.table(figures)
const counts = new Map<string, number>()
for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1)
for (const [failure, count] of counts) console.error(`FAILED${count > 1 ? ` ${count} times` : ''}: ${failure}`)
console.log(failures.length === 0 ? 'Everything that was acknowledged is there, once.' : `${failures.length} failures`)
process.exitCode = failures.length === 0 ? 0 : 1

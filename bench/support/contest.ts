import { type Answered, type Load, startLoadGenerator } from './load.ts'
import { median } from './numbers.ts'
import type { Server } from './server.ts'

export interface Contestant {
  readonly name: string
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
}

interface Contest {
  readonly ours: Contestant
  readonly baseline: Contestant
  readonly path: string
  readonly body: string
  readonly clients: number
  readonly rounds: number
  readonly secondsPerRound: number
}

const WARM_UPS = 4

interface Round extends Answered {
  readonly cpuMsPerRequest: number
}

/**
 * Puts the same load on both in turn, in short rounds, so that whatever else the machine does meets both alike. Answers
 * how many times as many requests per second ours serves: the median over the rounds, each with its own ratio.
 */
export async function contest({ ours, baseline, path, body, clients, rounds, secondsPerRound }: Contest) {
  const generator = startLoadGenerator()

  async function run(label: string, { name, server, headers }: Contestant): Promise<Round> {
    const load: Load = { url: server.url + path, headers, body, clients, seconds: secondsPerRound }
    const before = server.cpuMs()
    const answered = await generator.run(load)
    if (answered.failures > 0) throw new Error(`${answered.failures} of ${answered.requests} answers were failures`)
    const round = { ...answered, cpuMsPerRequest: (server.cpuMs() - before) / answered.requests }
    print(label, name, round)
    return round
  }

  try {
    for (let number = 1; number <= WARM_UPS; number++) {
      for (const contestant of [ours, baseline]) await run('warm-up', contestant)
    }
    const pairs: [Round, Round][] = []
    for (let number = 1; number <= rounds; number++) {
      pairs.push([await run(`round ${number}`, ours), await run('', baseline)])
    }
    printMedian(
      ours.name,
      pairs.map(([first]) => first),
    )
    printMedian(
      baseline.name,
      pairs.map(([, second]) => second),
    )
    return median(pairs.map(([first, second]) => first.requestsPerSecond / second.requestsPerSecond))
  } finally {
    await generator.stop()
  }
}

function printMedian(name: string, rounds: readonly Round[]): void {
  const of = (value: (round: Round) => number) => median(rounds.map(value))
  print('median', name, {
    requestsPerSecond: of((round) => round.requestsPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMsPerRequest: of((round) => round.cpuMsPerRequest),
  })
}

type Printed = Pick<Round, 'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'cpuMsPerRequest'>

function print(label: string, name: string, { requestsPerSecond, p50Ms, p99Ms, cpuMsPerRequest }: Printed): void {
  const cells = [
    label.padEnd(8),
    name.padEnd(10),
    `${requestsPerSecond.toFixed(0).padStart(6)} requests/s`,
    `p50 ${p50Ms.toFixed(1).padStart(5)} ms`,
    `p99 ${p99Ms.toFixed(1).padStart(5)} ms`,
    Number.isNaN(cpuMsPerRequest) ? '' : `CPU ${cpuMsPerRequest.toFixed(3)} ms/request`,
  ]
  console.log(cells.join('  ').trimEnd())
}

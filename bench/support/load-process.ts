import { Agent, request } from 'node:http'
import type { Answered, Load } from './load.ts'
import { median, quantile } from './numbers.ts'

process.on('message', async (load: Load) => process.send?.(await run(load)))

async function run({ url, headers, body, clients, seconds }: Load): Promise<Answered> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const options = {
    agent,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  }
  const timesMs: number[] = []
  let failures = 0
  const startedAt = performance.now()
  const until = startedAt + seconds * 1_000

  function ask(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const asked = request(url, options, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve(response.statusCode === 200 && !text.includes('"errors"')))
        response.on('error', reject)
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  async function client(): Promise<void> {
    for (let now = performance.now(); now < until; ) {
      if (!(await ask())) failures += 1
      const answeredAt = performance.now()
      timesMs.push(answeredAt - now)
      now = answeredAt
    }
  }

  await Promise.all(Array.from({ length: clients }, client))
  const elapsedSeconds = (performance.now() - startedAt) / 1_000
  agent.destroy()
  return {
    requestsPerSecond: timesMs.length / elapsedSeconds,
    p50Ms: median(timesMs),
    p99Ms: quantile(timesMs, 0.99),
    requests: timesMs.length,
    failures,
  }
}

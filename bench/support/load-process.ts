import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Answered, Load } from './load.ts'
import { median, quantile } from './numbers.ts'

process.on('message', async (load: Load) => process.send?.(await run(load)))

const ERROR = /"(errors|message)":/

async function run({ url, headers, body, choices = {}, clients, seconds }: Load): Promise<Answered> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const nextBody = bodiesOf(body, choices)
  const timesMs: number[] = []
  let failures = 0
  const startedAt = performance.now()
  const until = startedAt + seconds * 1_000

  function ask(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const sent = Buffer.from(nextBody())
      const length = { 'content-type': 'application/json', 'content-length': sent.length }
      const asked = request(url, { agent, method: 'POST', headers: { ...headers, ...length } }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve(response.statusCode === 200 && !ERROR.test(text)))
        response.on('error', reject)
      })
      asked.on('error', reject)
      asked.end(sent)
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

function bodiesOf(body: string, choices: Readonly<Record<string, readonly string[]>>): () => string {
  const parts = body.split(/<(\w+)>/)
  if (parts.length === 1) return () => body
  return () => parts.map((part, index) => (index % 2 === 0 ? part : fill(part, choices[part]))).join('')
}

function fill(name: string, choice: readonly string[] | undefined): string {
  if (name === 'uuid') return randomUUID()
  const text = choice?.[Math.floor(Math.random() * choice.length)]
  if (text === undefined) throw new Error(`there is nothing to choose for <${name}>`)
  return text
}

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** POST after POST, by clients that each wait for their answer before they ask again. */
export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** In it `<uuid>` stands for a new one each time, and `<key>` for a text drawn from the list that `choices` has. */
  readonly body: string
  readonly choices?: Readonly<Record<string, readonly string[]>>
  readonly clients: number
  readonly seconds: number
}

export interface Answered {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly requests: number
  /** Answers that were not 200 or told of an error, at the top or to the user. */
  readonly failures: number
}

/** A process that makes the load, so that measuring does not slow down what is measured. */
export interface LoadGenerator {
  run(load: Load): Promise<Answered>
  stop(): Promise<void>
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(fileURLToPath(new URL('load-process.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
  const exited = once(child, 'exit')
  return {
    async run(load) {
      child.send(load)
      const ended = exited.then(() => Promise.reject(new Error('the load generator ended')))
      const [answered] = await Promise.race([once(child, 'message'), ended])
      return answered as Answered
    },
    async stop() {
      child.disconnect()
      await exited
    },
  }
}

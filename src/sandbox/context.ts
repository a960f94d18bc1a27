import type { Clock } from '../kernel/clock.ts'
import type { Send, SimulatorParts } from './simulator.ts'
import { inTransaction, type Pool, type Transaction, type World } from './store.ts'
import { createTaskRunner, type Log, type TaskRunner } from './task-runner.ts'
import type { TaskHandler } from './tasks.ts'

/** What the parts of every simulator work with. */
export interface SimulatorContext {
  readonly pool: Pool
  /** Where the server is reached, without a slash at its end. */
  readonly publicUrl: string
  /** The root of every derived key. */
  readonly secret: string
  readonly log: Log
  readonly tasks: TaskRunner
  /** Sends notifications to the world outside. */
  readonly send: Send
  /** The time of the world outside, by which signatures are made and checked. */
  readonly clock: Clock
  /** The time of a realm, by which everything happens in it. */
  clockOf(realm: string): Promise<Date>
  world(realm: string): World
  transaction<T>(realm: string, work: (world: Transaction) => Promise<T>): Promise<T>
}

/** @param handlers of tasks, by their kind. It may be filled later, since handlers need the context. */
export function openContext(
  provider: string,
  parts: SimulatorParts,
  handlers: Readonly<Record<string, TaskHandler>>,
): SimulatorContext {
  const { pool, log, clock, clockOf, secret, publicUrl, fetch } = parts
  return {
    pool,
    log,
    clock,
    clockOf,
    secret,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    send: fetch,
    tasks: createTaskRunner({ pool, provider, handlers, log, clockOf }),
    world: (realm) => ({ db: pool, provider, realm }),
    transaction: (realm, work) => inTransaction(pool, provider, realm, work),
  }
}

/** The path that the server is mounted at, e.g. `/sandbox/<provider>`. */
export function basePath({ publicUrl }: Pick<SimulatorContext, 'publicUrl'>): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

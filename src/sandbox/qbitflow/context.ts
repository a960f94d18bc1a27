import type { Clock } from '../../kernel/clock.ts'
import type { Pool, Transaction, World } from '../store.ts'
import type { Log, TaskRunner } from '../tasks.ts'
import type { Changes } from './changes.ts'

/** Everything about the server's pace and terms that a test may want to turn. */
export interface Settings {
  /** From the payer's click to the transaction's arrival on the chain. */
  readonly broadcastDelayMs: number
  /** From there to its confirmation. */
  readonly confirmationDelayMs: number
  readonly sessionLifetimeMs: number
  /** A session nearer to its end than this is refused to whoever asks for an error then. */
  readonly closeToExpiryMs: number
  readonly quoteLifetimeMs: number
  readonly webhookRetries: number
  /** The wait before the first retry; it doubles with each. */
  readonly webhookRetryMs: number
  readonly webhookTimeoutMs: number
  readonly platformFeeBps: number
  readonly rateSeed: string
  /** How long a customer may go without paying a bill, or without confirming after a trial. */
  readonly graceMs: number
  /** From one attempt at an unpaid bill to the next. */
  readonly billingRetryMs: number
  /** What an allowance has on top of the price of its periods. */
  readonly allowanceBufferBps: number
}

export const DEFAULT_SETTINGS: Settings = {
  broadcastDelayMs: 600,
  confirmationDelayMs: 1_500,
  sessionLifetimeMs: 24 * 60 * 60 * 1_000,
  closeToExpiryMs: 5 * 60 * 1_000,
  quoteLifetimeMs: 10 * 60 * 1_000,
  webhookRetries: 5,
  webhookRetryMs: 1_000,
  webhookTimeoutMs: 5_000,
  platformFeeBps: 150,
  rateSeed: 'qbitflow',
  graceMs: 3 * 24 * 60 * 60 * 1_000,
  billingRetryMs: 24 * 60 * 60 * 1_000,
  allowanceBufferBps: 333,
}

/** What every route and rule of this simulator works with. */
export interface Context {
  readonly pool: Pool
  /** Where the server is reached, without a slash at its end. */
  readonly publicUrl: string
  /** The root of every derived key. */
  readonly secret: string
  readonly settings: Settings
  readonly log: Log
  readonly tasks: TaskRunner
  readonly changes: Changes
  /** The time of the world outside, by which signatures are made and checked. */
  readonly clock: Clock
  /** The time of a realm, by which everything happens in it. */
  clockOf(realm: string): Promise<Date>
  world(realm: string): World
  transaction<T>(realm: string, work: (world: Transaction) => Promise<T>): Promise<T>
}

/** The path that the server is mounted at, e.g. `/sandbox/qbitflow`. */
export function basePath({ publicUrl }: Pick<Context, 'publicUrl'>): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

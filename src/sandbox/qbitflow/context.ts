import type { SimulatorContext } from '../context.ts'
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
export interface Context extends SimulatorContext {
  readonly settings: Settings
  readonly changes: Changes
}

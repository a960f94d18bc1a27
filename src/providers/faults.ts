import { z } from 'zod'

/** What can be made to go wrong at a provider's simulator, in our words. */

export const FAULT_KINDS = [
  'LOSE_ANSWER_BEFORE',
  'LOSE_ANSWER_AFTER',
  'DELAY',
  'SERVER_ERROR',
  'RATE_LIMITED',
  'MISSING_ROUTE',
  'MALFORMED_JSON',
  'TRUNCATED_JSON',
  'DUPLICATE_WEBHOOK',
  'REORDER_WEBHOOKS',
  'WRONG_SIGNATURE',
  'UNDERPAY',
  'OVERPAY',
  'PAY_LATE',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export interface Fault {
  /** Ours, a UUID: asking again with the same one arms nothing twice. */
  readonly id: string
  readonly kind: FaultKind
  /** Which calls of the provider's API: `METHOD /path`, with `*` for anything. Absent for any. */
  readonly operation?: string | undefined
  /** How often it still strikes. Absent for a fault without end. */
  readonly times?: number | undefined
  /** Of striking, each time that it may: above 0, up to 1. */
  readonly probability?: number | undefined
  /** Strikes at the same turns as every fault of this seed. */
  readonly seed?: string | undefined
  readonly delayMs?: number | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/** A fault as a simulator's control routes tell it. */
export const faultShape: z.ZodType<Fault> = z.object({
  id: z.string(),
  kind: z.enum(FAULT_KINDS),
  operation: z.string().optional(),
  times: z.number().optional(),
  probability: z.number().optional(),
  seed: z.string().optional(),
  delayMs: z.number().optional(),
  retryAfter: z.number().optional(),
})

/** Test mode: what a simulator lets us break, and starting afresh. */
export interface Faults {
  /** Those that may still strike, the oldest first. */
  list(): Promise<readonly Fault[]>
  inject(wanted: Fault): Promise<void>
  clear(): Promise<void>
  /** Empties the simulator but for the account and its keys. Asking again is harmless. */
  reset(): Promise<void>
}

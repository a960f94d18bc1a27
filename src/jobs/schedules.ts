import type { Schedule } from './ticker.ts'

/** The parts of the house that have work with a due time. */
export interface DueWork {
  readonly inbox: { applyDue(): Promise<unknown> }
  readonly reconciliation: { resolveDue(): Promise<unknown> }
  readonly sandbox: { runDue(): Promise<unknown> }
  readonly holds: { expireDue(): Promise<unknown> }
  readonly ledger: { sealDue(): Promise<unknown> }
  forgetExpiredAnswers(): Promise<unknown>
}

const SECOND = 1_000
const HOUR = 3_600 * SECOND

/**
 * Everything that the gateway does by itself, and how often it looks. Each run takes what is due by leases on the
 * rows, so that any number of nodes may look at once.
 */
export function createSchedules(work: DueWork): Schedule[] {
  return [
    { name: 'inbox', everyMs: SECOND, run: () => work.inbox.applyDue() },
    { name: 'checkouts', everyMs: SECOND, run: () => work.reconciliation.resolveDue() },
    { name: 'sandbox', everyMs: SECOND, run: () => work.sandbox.runDue() },
    { name: 'holds', everyMs: SECOND, run: () => work.holds.expireDue() },
    { name: 'seals', everyMs: SECOND, run: () => work.ledger.sealDue() },
    { name: 'idempotency', everyMs: HOUR, run: () => work.forgetExpiredAnswers() },
  ]
}

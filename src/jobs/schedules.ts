import type { Schedule } from './ticker.ts'

/** The parts of the house that have work with a due time. */
export interface DueWork {
  readonly inbox: { applyDue(): Promise<unknown> }
  readonly reconciliation: { resolveDue(): Promise<unknown> }
  readonly sandbox: { runDue(): Promise<unknown> }
  readonly holds: { expireDue(): Promise<unknown> }
  readonly ledger: { sealDue(): Promise<unknown> }
  readonly webhooks: { deliverDue(): Promise<unknown> }
  readonly removal: { removeDue(): Promise<unknown> }
  forgetExpiredAnswers(): Promise<unknown>
}

/** Where the due time of a schedule's work stands, and on whose clock it is read. */
export interface Due {
  readonly table: string
  readonly column: string
  readonly clock: 'system' | 'tenant'
}

/** A schedule, and where its work is found. */
export type Planned = Schedule & { readonly due?: Due }

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * Everything that the gateway does by itself, and how often it looks. Each run takes what is due by leases on the
 * rows, so that any number of nodes may look at once.
 */
export function createSchedules(work: DueWork): Planned[] {
  return [
    {
      name: 'inbox',
      everyMs: SECOND,
      due: on('inbox_message', 'next_attempt_at', 'system'),
      run: () => work.inbox.applyDue(),
    },
    {
      name: 'checkouts',
      everyMs: SECOND,
      due: on('checkout', 'next_check_at'),
      run: () => work.reconciliation.resolveDue(),
    },
    { name: 'sandbox', everyMs: SECOND, due: on('sandbox_task', 'due_at'), run: () => work.sandbox.runDue() },
    { name: 'holds', everyMs: SECOND, due: on('ledger_transaction', 'expires_at'), run: () => work.holds.expireDue() },
    {
      name: 'webhooks',
      everyMs: SECOND,
      due: on('webhook_delivery', 'next_attempt_at'),
      run: () => work.webhooks.deliverDue(),
    },
    { name: 'seals', everyMs: SECOND, run: () => work.ledger.sealDue() },
    { name: 'removal', everyMs: MINUTE, run: () => work.removal.removeDue() },
    { name: 'idempotency', everyMs: HOUR, run: () => work.forgetExpiredAnswers() },
  ]
}

function on(table: string, column: string, clock: Due['clock'] = 'tenant'): Due {
  return { table, column, clock }
}

import { CHECK_MATTERS as CHECKOUT_CHECK_MATTERS } from '../checkouts/checkout.ts'
import type { DueWork } from '../db/due-work.ts'
import { CHECK_MATTERS as SUBSCRIPTION_CHECK_MATTERS } from '../subscriptions/subscription.ts'
import { type DueRows, type Job, jobOf } from './schedule.ts'

/** The parts of the house that have work with a due time. */
export interface ScheduledParts {
  readonly inbox: { readonly due: DueWork }
  readonly reconciliation: { readonly due: DueWork }
  readonly subscriptions: { readonly due: DueWork; readonly reporting: DueWork }
  readonly payments: { readonly looking: DueWork }
  readonly capabilities: { reviewDue(): Promise<unknown> }
  readonly refunds: { readonly looking: DueWork; readonly due: DueWork }
  readonly claims: { collectDue(): Promise<unknown> }
  readonly sandbox: { runDue(): Promise<unknown> }
  readonly holds: { expireDue(): Promise<unknown> }
  readonly ledger: { sealDue(): Promise<unknown> }
  readonly webhooks: { readonly due: DueWork }
  readonly removal: { removeDue(): Promise<unknown> }
  forgetExpired(): Promise<unknown>
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * Everything that the gateway does by itself, and how often it looks. Each run takes what is due by leases on the
 * rows, so that any number of nodes may look at once.
 */
export function createSchedules(work: ScheduledParts): Job[] {
  return [
    jobOf({ name: 'sandbox', everyMs: SECOND, due: on('sandbox_task', 'due_at'), run: () => work.sandbox.runDue() }),
    {
      name: 'inbox',
      everyMs: SECOND,
      due: on('inbox_message', 'next_attempt_at', { clock: 'system' }),
      ...lookFor(work.inbox.due),
    },
    {
      name: 'checkouts',
      everyMs: SECOND,
      due: on('checkout', 'next_check_at', { where: CHECKOUT_CHECK_MATTERS }),
      ...lookFor(work.reconciliation.due),
    },
    {
      name: 'subscriptions',
      everyMs: SECOND,
      due: on('subscription', 'next_check_at', { where: SUBSCRIPTION_CHECK_MATTERS }),
      ...lookFor(work.subscriptions.due),
    },
    {
      name: 'usage',
      everyMs: SECOND,
      due: on('usage_report', 'next_attempt_at', { clock: 'system' }),
      ...lookFor(work.subscriptions.reporting),
    },
    { name: 'refunds', everyMs: SECOND, due: on('refund', 'next_check_at'), ...lookFor(work.refunds.due) },
    {
      name: 'refunds at providers',
      everyMs: 5 * SECOND,
      due: on('provider_connection', 'refunds_checked_next_at', { where: 'FALSE' }),
      ...lookFor(work.refunds.looking),
    },
    { name: 'payments at providers', everyMs: 5 * SECOND, ...lookFor(work.payments.looking) },
    jobOf({ name: 'capabilities of providers', everyMs: MINUTE, run: () => work.capabilities.reviewDue() }),
    jobOf({
      name: 'holds',
      everyMs: SECOND,
      due: on('ledger_transaction', 'expires_at'),
      run: () => work.holds.expireDue(),
    }),
    jobOf({
      name: 'claim funds',
      everyMs: 10 * SECOND,
      due: on('app_user', 'claim_funds_next_at', { where: OWED_SOMETHING }),
      run: () => work.claims.collectDue(),
    }),
    {
      name: 'webhooks',
      everyMs: SECOND,
      due: on('webhook_delivery', 'next_attempt_at', { where: NEXT_OF_ITS_ENTITY }),
      ...lookFor(work.webhooks.due),
    },
    jobOf({ name: 'seals', everyMs: SECOND, patienceMs: 2 * MINUTE, run: () => work.ledger.sealDue() }),
    jobOf({ name: 'removal', everyMs: MINUTE, patienceMs: 10 * MINUTE, run: () => work.removal.removeDue() }),
    jobOf({ name: 'expired', everyMs: HOUR, run: () => work.forgetExpired() }),
  ]
}

/** What waits for an earlier message about its entity to be received has no moment of its own. */
const NEXT_OF_ITS_ENTITY = `NOT EXISTS (SELECT FROM webhook_delivery e
  WHERE e.tenant_id = webhook_delivery.tenant_id AND e.entity_id = webhook_delivery.entity_id
    AND e.cursor < webhook_delivery.cursor AND e.next_attempt_at IS NOT NULL
    AND coalesce(e.endpoint_id, e.checkout_id) = coalesce(webhook_delivery.endpoint_id, webhook_delivery.checkout_id))`

/** A seller whose books are empty is looked at each hour like the others, and nothing comes of it. */
const OWED_SOMETHING = `EXISTS (SELECT FROM account a WHERE a.tenant_id = app_user.tenant_id
  AND a.external_id LIKE 'seller:' || app_user.id || ':%' AND a.balance - a.held > (
    SELECT coalesce(sum(f.owed_minor), 0) FROM claim_funds f
    WHERE f.tenant_id = a.tenant_id AND f.user_id = app_user.id AND f.currency = a.currency AND NOT f.funded))`

/** The schedule only looks: what it finds is waited for by nobody, so that what is slow holds up no later look. */
function lookFor({ look, idle }: DueWork): Pick<Job, 'run' | 'idle'> {
  return { run: look, idle }
}

function on(table: string, column: string, more: Partial<Pick<DueRows, 'clock' | 'where'>> = {}): DueRows {
  return { table, column, clock: 'tenant', ...more }
}

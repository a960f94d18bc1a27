import { AWAITS_PAYMENT, isInDoubtSql } from '../checkouts/checkout.ts'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { currency } from '../kernel/currency.ts'
import { formatDecimal } from '../kernel/money.ts'
import { DEVELOPMENT_KEY } from '../organizations/development-key.ts'
import { AMOUNT_UNTOLD, WAITS_AS } from '../payments/payment.ts'
import { HAS_FAILED } from '../webhooks/record.ts'

/** What waits for a person, and how much is on its way. Each is a look into an index, all of them one round trip. */

const AT_MOST = 100
const NOW = `(SELECT $2::timestamptz + clock_ahead_ms * interval '1 millisecond' FROM tenant WHERE id = $1)`

export interface Counters {
  readonly openCheckouts: number
  readonly checkoutsInDoubt: number
  readonly paymentsToday: number
  readonly failedDeliveries: number
  readonly pendingDeliveries: number
  readonly inboxWaiting: number
  readonly heldTransactions: number
}

export interface Notification {
  readonly matter: Matter
  readonly message: string
  readonly count: number
  /** The money that it is about, where it is about money. */
  readonly amount: { readonly minor: bigint; readonly currency: string } | null
  readonly at: Date | null
}

const COUNTERS = `
  SELECT
    (SELECT count(*) FROM checkout WHERE tenant_id = $1 AND ${AWAITS_PAYMENT}) AS open_checkouts,
    (SELECT count(*) FROM checkout WHERE tenant_id = $1 AND ${isInDoubtSql('checkout')}) AS checkouts_in_doubt,
    (SELECT count(*) FROM payment WHERE tenant_id = $1
       AND created_at >= date_trunc('day', ${NOW} AT TIME ZONE $3) AT TIME ZONE $3) AS payments_today,
    (SELECT count(*) FROM webhook_delivery WHERE tenant_id = $1 AND ${HAS_FAILED}) AS failed_deliveries,
    (SELECT count(*) FROM webhook_delivery WHERE tenant_id = $1 AND next_attempt_at IS NOT NULL) AS pending_deliveries,
    (SELECT count(*) FROM inbox_message WHERE tenant_id = $1 AND applied_at IS NULL) AS inbox_waiting,
    (SELECT count(*) FROM ledger_transaction
     WHERE tenant_id = $1 AND type = 'EXTERNAL' AND state = 'HELD') AS held_transactions`

export type Matter =
  | 'late'
  | 'short'
  | 'surplus'
  | 'unclaimed'
  | 'untold'
  | 'endpoint'
  | 'inbox'
  | 'deliveries'
  | 'checkouts'
  | 'key'
  | 'removal'

interface Found {
  readonly matter: Matter
  readonly count: bigint
  readonly name: string | null
  readonly reason: string | null
  readonly at: Date | null
  readonly minor: bigint | null
}

/** How much of a payment is not settled, before the fees: all that the customer sent, or what of it is too much. */
const CAME_IN = `amount_minor - refunded_minor - CASE WHEN ${WAITS_AS} = 'surplus' THEN coalesce(
  (SELECT c.price_minor FROM checkout c WHERE c.tenant_id = payment.tenant_id AND c.id = payment.checkout_id), amount_minor - suspense_minor - refunded_minor) ELSE 0 END`

const MATTERS = `
  SELECT ${WAITS_AS} AS matter, count(*) AS count, currency AS name, NULL AS reason, max(settled_at) AS at, sum(${CAME_IN}) AS minor
  FROM payment WHERE tenant_id = $1 AND suspense_minor > 0 GROUP BY 1, currency
  UNION ALL
  SELECT 'untold', count(*), NULL, NULL, max(updated_at), NULL
  FROM payment WHERE tenant_id = $1 AND ${AMOUNT_UNTOLD} HAVING count(*) > 0
  UNION ALL
  SELECT 'endpoint', 1, url, disabled_reason, updated_at, NULL
  FROM webhook_endpoint WHERE tenant_id = $1 AND deleted_at IS NULL AND NOT active AND disabled_reason IS NOT NULL
  UNION ALL
  SELECT 'inbox', count(*), provider::text, (array_agg(error ORDER BY received_at DESC))[1], max(received_at), NULL
  FROM inbox_message WHERE tenant_id = $1 AND applied_at IS NULL AND next_attempt_at IS NULL GROUP BY provider
  UNION ALL
  SELECT 'deliveries', count(*), NULL, NULL, NULL, NULL
  FROM webhook_delivery WHERE tenant_id = $1 AND ${HAS_FAILED} HAVING count(*) > 0
  UNION ALL
  SELECT 'checkouts', count(*), NULL, NULL, min(updated_at), NULL
  FROM checkout WHERE tenant_id = $1 AND ${isInDoubtSql('checkout')} AND updated_at < ${NOW} - interval '1 hour' HAVING count(*) > 0
  UNION ALL
  SELECT 'key', 1, name, NULL, expires_at, NULL
  FROM api_key WHERE tenant_id = $1 AND deleted_at IS NULL AND expires_at > $2 AND expires_at <= $2::timestamptz + interval '7 days'
    AND name <> '${DEVELOPMENT_KEY}'
  UNION ALL
  SELECT 'removal', 1, lower(mode::text COLLATE "C"), NULL, removal_due_at, NULL FROM tenant WHERE id = $1 AND removal_due_at IS NOT NULL
  LIMIT ${AT_MOST}`

export function attentionService({ db, clock }: { db: Database; clock: Clock }) {
  return {
    /** A day is that of the time zone, by the tenant's clock. */
    async counters(tenantId: string, timezone = 'UTC'): Promise<Counters> {
      const values = [tenantId, clock.now(), timezone]
      const [row] = await db.query<Record<keyof Counters, bigint>>('attention.counters', COUNTERS, values)
      const counts = Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)])
      return Object.fromEntries(counts) as Counters
    },

    /** The message of each is in plain English; `show` says how a moment is written. */
    async notifications(tenantId: string, show: (at: Date) => string): Promise<Notification[]> {
      const found = await db.query<Found>('attention.matters', MATTERS, [tenantId, clock.now()])
      return found.map((each) => notificationOf(each, show))
    },
  }
}

function notificationOf(found: Found, show: (at: Date) => string): Notification {
  const { matter, count, minor, name, at } = found
  const amount = minor === null || name === null ? null : { minor, currency: name }
  return { matter, message: sentence(found, at ? show(at) : ''), count: Number(count), amount, at }
}

const DECIDE =
  'The money is held on the suspense account: acceptPayment accepts it, recordRefund records that it was refunded.'

function inUnits(minor: bigint, code: string): string {
  return `${formatDecimal(minor, currency(code).exponent)} ${code}`
}

function sentence({ matter, count, name, reason, minor }: Found, at: string): string {
  const many = (one: string, more: string) => (count === 1n ? `1 ${one}` : `${count} ${more}`)
  const paid = () => `${many('payment', 'payments')} with ${inUnits(minor ?? 0n, name ?? '')}`
  switch (matter) {
    case 'late':
      return `${paid()} arrived after the checkout or billing had ended, the latest at ${at}. ${DECIDE}`
    case 'short':
      return `${paid()} arrived with less than the requested amount, the latest at ${at}. ${DECIDE}`
    case 'surplus':
      return `${many('payment', 'payments')} arrived with more than the requested amount, the latest at ${at}: ${inUnits(minor ?? 0n, name ?? '')} too much. ${DECIDE}`
    case 'unclaimed':
      return `${paid()} arrived that no checkout or subscription requested, the latest at ${at}. ${DECIDE}`
    case 'untold':
      return `${many('payment is', 'payments are')} underpaid, and the provider does not say how much arrived, the latest at ${at}.`
    case 'endpoint':
      return `The webhook endpoint ${name} was disabled at ${at}: ${reason}`
    case 'inbox':
      return `${many(`notification of ${name} was`, `notifications of ${name} were`)} given up, the latest from ${at}${reason === null ? '' : `: ${reason}`}.`
    case 'deliveries':
      return `${many('webhook delivery was', 'webhook deliveries were')} given up; redeliverWebhook sends them again.`
    case 'checkouts':
      return `${many('checkout has', 'checkouts have')} had an unknown status for more than an hour, since ${at}.`
    case 'key':
      return `The API key "${name}" expires at ${at}.`
    case 'removal':
      return `All data in ${name} mode will be removed at ${at}; cancelDataRemoval keeps them.`
  }
}

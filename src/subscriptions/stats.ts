import type { Condition } from '../db/condition.ts'
import type { Database } from '../db/database.ts'
import { Bindings, nameFor } from '../db/statement.ts'
import { DomainError } from '../kernel/errors.ts'
import { endedAtSql, paysAheadSql } from './subscription.ts'

/** How many subscriptions there are in each day or month, and what they bring in a month. */

export interface SubscriptionStat {
  /** The first day of the period. */
  readonly day: string
  readonly currency: string
  readonly started: bigint
  readonly churned: bigint
  /** At the end of the period. */
  readonly active: bigint
  readonly monthlyMinor: bigint
}

export interface WantedSubscriptionStats {
  readonly period: 'day' | 'month'
  /** The first and the last day. */
  readonly from: string
  readonly to: string
  readonly where: readonly Condition[]
  readonly timezone?: string | undefined
}

const PERIODS_AT_MOST = 1_000
const DAY_MS = 86_400_000

/** What a price per period is in a month: a year has 12 months, 52 weeks or 365 days. */
const MONTHLY = `round(s.price_minor * CASE s.frequency_unit WHEN 'YEARS' THEN 1 WHEN 'MONTHS' THEN 12 WHEN 'WEEKS' THEN 52
  WHEN 'DAYS' THEN 365 WHEN 'HOURS' THEN 365 * 24 WHEN 'MINUTES' THEN 365 * 1440 ELSE 365 * 86400 END / (12.0 * s.frequency_value))`

/** @throws DomainError OUT_OF_RANGE when the days are in the wrong order, or the periods too many to be told */
async function stats(db: Database, wanted: WantedSubscriptionStats): Promise<SubscriptionStat[]> {
  const { period, from, to, where, timezone = 'UTC' } = wanted
  const days = (new Date(to).getTime() - new Date(from).getTime()) / DAY_MS
  if (days < 0)
    throw new DomainError({ code: 'OUT_OF_RANGE', message: '`to` must not be before `from`', field: ['to'] })
  if (days / (period === 'day' ? 1 : 28) >= PERIODS_AT_MOST) {
    throw new DomainError({ code: 'OUT_OF_RANGE', message: `there are more than ${PERIODS_AT_MOST} periods` })
  }
  const bind = new Bindings()
  const conditions = bind.all(where)('s')
  const [zone, first, last] = [timezone, from, to].map((value) => bind.add(value))
  const bucket = (at: string) => `date_trunc('${period}', ${at} AT TIME ZONE ${zone})`
  const text = `
    WITH lives AS (
      SELECT s.currency, s.created_at AS began, ${endedAtSql('s')} AS ended, CASE WHEN ${paysAheadSql('s')} THEN ${MONTHLY} ELSE 0 END AS monthly,
        greatest(s.created_at, coalesce(s.trial_ends_at, s.created_at)) AS pays_from
      FROM subscription AS s WHERE ${conditions}),
    changes AS (
      SELECT currency, ${bucket('began')} AS period, 1 AS started, 0 AS churned, 0::numeric AS monthly FROM lives
      UNION ALL SELECT currency, ${bucket('ended')}, 0, 1, 0 FROM lives WHERE ended IS NOT NULL
      UNION ALL SELECT currency, ${bucket('pays_from')}, 0, 0, monthly FROM lives WHERE ended IS NULL OR pays_from < ended
      UNION ALL SELECT currency, ${bucket('ended')}, 0, 0, -monthly FROM lives WHERE pays_from < ended),
    sums AS (
      SELECT currency, period, sum(started) AS started, sum(churned) AS churned, sum(monthly) AS monthly
      FROM changes GROUP BY 1, 2),
    running AS (
      SELECT currency, period, started, churned, sum(started - churned) OVER whole AS active, sum(monthly) OVER whole AS monthly
      FROM (SELECT * FROM sums UNION ALL
        SELECT c.currency, p.period, 0, 0, 0 FROM (SELECT DISTINCT currency FROM lives) AS c, generate_series(
          date_trunc('${period}', ${first}::timestamp), ${last}::timestamp, interval '1 ${period}') AS p (period)) AS every
      WINDOW whole AS (PARTITION BY currency ORDER BY period))
    SELECT period::date::text AS day, currency, sum(started)::bigint AS started, sum(churned)::bigint AS churned,
      max(active)::bigint AS active, max(monthly) AS monthly_minor
    FROM running WHERE period BETWEEN date_trunc('${period}', ${first}::timestamp) AND ${last}::timestamp
    GROUP BY 1, 2 ORDER BY 1, 2`
  return db.long.query<SubscriptionStat>(nameFor('stats.subscription', text, where), text, bind.values)
}

export function subscriptionStats(db: Database) {
  return { stats: (wanted: WantedSubscriptionStats) => stats(db, wanted) }
}

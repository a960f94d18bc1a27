import { Gauge } from 'prom-client'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { metrics } from '../kernel/metrics.ts'
import type { DueRows, Schedule } from './schedule.ts'

/** Work whose time has come and that nobody has done yet: what an operator wants to see at nought. */

const rows = new Gauge({
  name: 'tollgate_due_work_rows',
  help: 'Rows whose due time has passed, by the kind of work. Above a thousand it says a thousand.',
  labelNames: ['kind'],
  registers: [metrics],
})
const behind = new Gauge({
  name: 'tollgate_due_work_behind_seconds',
  help: 'How long the earliest of them has been due, by the kind of work.',
  labelNames: ['kind'],
  registers: [metrics],
})

const COUNTED_AT_MOST = 1_000

export function backlog(db: Database, clock: Clock, schedules: readonly Schedule[]) {
  const text = schedules.flatMap(({ name, due }) => (due ? [lateRows(name, due)] : [])).join('\nUNION ALL\n')
  return {
    /** Looks how much is due, for the gauges. */
    async measure(): Promise<void> {
      const found = await db.query<{ kind: string; count: bigint; seconds: number }>('backlog', text, [clock.now()])
      for (const { kind, count, seconds } of found) {
        rows.set({ kind }, Number(count))
        behind.set({ kind }, seconds)
      }
    },
  }
}

function lateRows(name: string, { table, column, clock, where = 'TRUE' }: DueRows): string {
  const now = clock === 'tenant' ? `$1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'` : '$1::timestamptz'
  return `SELECT '${name}' AS kind, count(*), coalesce(extract(epoch FROM max(late)), 0)::float8 AS seconds
    FROM (SELECT ${now} - ${table}.${column} AS late FROM ${table} JOIN tenant t ON t.id = ${table}.tenant_id
          WHERE ${table}.${column} <= ${now} AND ${where} ORDER BY ${table}.${column} LIMIT ${COUNTED_AT_MOST}) due`
}

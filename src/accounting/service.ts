import { z } from 'zod'
import { atLeast, below, type Condition, equals, NEVER } from '../db/condition.ts'
import type { Database } from '../db/database.ts'
import { page } from '../db/page.ts'
import type { Actor } from '../kernel/actor.ts'
import { dayAfter, startOfDay } from '../kernel/day.ts'
import { optional } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { type AccountingRow, Period } from './event.ts'
import { exportText } from './export.ts'

const ROWS_AT_ONCE = 500

const Wanted = Period.and(
  z
    .object({
      format: z.enum(['csv', 'json'], 'must be csv or json'),
      bom: optional(z.enum(['true', 'false'], 'must be true or false')),
    })
    .refine(({ format, bom }) => format === 'csv' || bom !== 'true', { path: ['bom'], error: 'is only for csv' }),
)

/** Which rows are in a period. */
export function inPeriod({ from, to, timezone = 'UTC' }: Period): Condition[] {
  return [atLeast('at', startOfDay(from, timezone)), below('at', startOfDay(dayAfter(to), timezone))]
}

export function accountingService({ db }: { db: Database }) {
  /** The rows one page after another, oldest first: no more of them are in memory than are being written. */
  async function* pages(where: readonly Condition[]): AsyncGenerator<readonly AccountingRow[]> {
    const order = { column: 'at', direction: 'ASC' as const }
    const query = { from: 'accounting_event', where, order, size: ROWS_AT_ONCE, backward: false }
    for (let after: { value: string; id: string } | undefined; ; ) {
      const found = await page<AccountingRow>(db.long, { ...query, after })
      yield found.rows
      const last = found.rows.at(-1)
      if (!found.hasNextPage || !last) return
      after = found.positionOf(last)
    }
  }

  return {
    /**
     * The payments and refunds of a period, as the text of a file: `from` and `to` are days, both in it, of `timezone`
     * (UTC without one); `format` is csv or json; `bom: 'true'` begins a csv with a byte order mark. A USER is given its own.
     * @throws DomainError for every bad field
     */
    export({ tenantId, role, userId }: Actor, input: unknown): { type: string; text: AsyncGenerator<string> } {
      const { format, bom, ...period } = validate(Wanted, input)
      const mine = role !== 'USER' ? [] : userId === null ? [NEVER] : [equals('user_id', userId)]
      const where = [equals('tenant_id', tenantId), ...mine, ...inPeriod(period)]
      return {
        type: format === 'csv' ? 'text/csv' : 'application/json',
        text: exportText(pages(where), format, { bom: bom === 'true' }),
      }
    },
  }
}

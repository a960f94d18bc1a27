import { several } from '../../collection.ts'
import type { World } from '../../store.ts'
import type { Context } from '../context.ts'
import { REFUND_PAYMENT } from '../refunds/documents.ts'
import type { Row } from './columns.ts'
import { type Movement, rowFrom } from './row.ts'

/** Days of UTC, both inclusive: `2026-01-31`. */
export interface Span {
  readonly from: string
  readonly to: string
}

const PAGE = 200

const movements = several<Movement>('payment', 'subscriptionHistory', REFUND_PAYMENT)

/** What moved within a span, the newest first, read page by page. */
export async function* accountingRows(
  context: Context,
  world: World,
  { from, to }: Span,
  where: Readonly<Record<string, unknown>>,
): AsyncGenerator<Row> {
  let after: string | undefined
  do {
    const page: Movement[] = (await movements.list(world, { limit: PAGE, where, ...(after ? { after } : {}) })) ?? []
    for (const movement of page) {
      const day = movement.createdAt.slice(0, 10)
      if (from <= day && day <= to) yield rowFrom(context, movement)
    }
    // What is confirmed at the same moment may be written down in any order, but never a whole page apart.
    const isPast = page.every((movement) => movement.createdAt.slice(0, 10) < from)
    after = page.length < PAGE || isPast ? undefined : page.at(-1)?.uuid
  } while (after !== undefined)
}

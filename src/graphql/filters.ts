import { type Condition, equals, NEVER } from '../db/condition.ts'
import { decodeId, type IdKind } from '../kernel/id.ts'

/** Rows that point to what an id names. An id of another kind names nothing, and nothing points to it. */
export function refersTo(column: string, kind: IdKind, id: string | null | undefined): Condition[] {
  if (id === null || id === undefined) return []
  const decoded = decodeId(id)
  return [decoded?.kind === kind ? equals(column, decoded.uuid) : NEVER]
}

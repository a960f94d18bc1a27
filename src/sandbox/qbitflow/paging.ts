import type { Collection } from '../collection.ts'
import type { World } from '../store.ts'
import { badRequest, invalidFields } from './errors.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string
}

export function pageQuery(query: Readonly<Record<string, string>>): PageQuery {
  const { limit, cursor } = query
  if (limit && !/^0*[1-9]\d*$/.test(limit)) {
    throw invalidFields([{ field: 'Limit', message: 'Limit must be a whole number greater than 0' }])
  }
  return {
    limit: limit ? Math.min(Number(limit), MAX_LIMIT) : DEFAULT_LIMIT,
    ...(cursor ? { cursor: cursor.slice(cursor.indexOf('@') + 1).toLowerCase() } : {}),
  }
}

/** A page, newest first; its cursor is the last item's id, as `idOf` writes it. */
export async function readPage<T, View>(
  world: World,
  collection: Pick<Collection<T>, 'list'>,
  { limit, cursor }: PageQuery,
  where: Readonly<Record<string, unknown>>,
  view: (document: T) => View,
  idOf: (document: T) => string,
): Promise<{ items: View[]; nextCursor: string | null }> {
  const found = await collection.list(world, { limit: limit + 1, where, ...(cursor ? { after: cursor } : {}) })
  if (!found) throw badRequest('invalid cursor')
  const documents = found.slice(0, limit)
  const last = documents.at(-1)
  return { items: documents.map(view), nextCursor: found.length > limit && last ? idOf(last) : null }
}

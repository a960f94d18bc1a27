import type { Listing } from '../collection.ts'
import { readPage } from '../paging.ts'
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

/** A page as the API answers it; its cursor is the last item's id, as `idOf` writes it. */
export async function pageView<T extends object, View>(
  world: World,
  collection: Listing<T>,
  { limit, cursor }: PageQuery,
  where: Readonly<Record<string, unknown>>,
  view: (document: T) => View,
  idOf: (document: T) => string,
): Promise<{ items: View[]; nextCursor: string | null }> {
  const page = await readPage(world, collection, { limit, after: cursor, where })
  if (!page) throw badRequest('invalid cursor')
  const last = page.documents.at(-1)
  return { items: page.documents.map(view), nextCursor: page.hasMore && last ? idOf(last) : null }
}

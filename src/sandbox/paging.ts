import type { Listing } from './collection.ts'
import type { World } from './store.ts'

interface Wanted {
  /** How many documents a page has at most. */
  readonly limit: number
  /** The id of the last document of the page before. */
  readonly after?: string | undefined
  /** How many documents the pages before have, where pages are numbered. */
  readonly skip?: number | undefined
  readonly where?: Readonly<Record<string, unknown>>
}

export interface DocumentPage<T> {
  readonly documents: T[]
  readonly hasMore: boolean
}

/** A page, newest first; undefined when `after` names no document. */
export async function readPage<T extends object>(
  world: World,
  collection: Listing<T>,
  { limit, ...wanted }: Wanted,
): Promise<DocumentPage<T> | undefined> {
  const found = await collection.list(world, { ...wanted, limit: limit + 1 })
  return found && { documents: found.slice(0, limit), hasMore: found.length > limit }
}

import type { Listing, Page } from './collection.ts'
import type { World } from './store.ts'

export interface DocumentPage<T> {
  readonly documents: T[]
  readonly hasMore: boolean
}

/** A page, newest first; undefined when `after` names no document. */
export async function readPage<T extends object>(
  world: World,
  collection: Listing<T>,
  { limit, ...page }: Page & { readonly limit: number },
): Promise<DocumentPage<T> | undefined> {
  const found = await collection.list(world, { ...page, limit: limit + 1 })
  return found && { documents: found.slice(0, limit), hasMore: found.length > limit }
}

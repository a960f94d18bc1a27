import type { Queryable, World } from './store.ts'
import { write } from './writes.ts'

/** A unique key that another document already has; `key` is its name, e.g. `email`. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError'
  readonly key: string

  constructor(kind: string, key: string) {
    super(`${kind}: ${key} is taken`)
    this.key = key
  }
}

export interface Page {
  readonly limit?: number
  /** The id of the last document of the page before. It may have been removed since. */
  readonly after?: string | undefined
  /** Fields that a document must carry with these very values. */
  readonly where?: Readonly<Record<string, unknown>>
}

export type UniqueKeys = Readonly<Record<string, string | undefined>>

/** Documents of one kind. Reads run anywhere; writes of a document with unique keys want a transaction around them. */
export class Collection<T extends object> {
  readonly #kind: string
  readonly #uniqueKeys: ((document: T) => UniqueKeys) | undefined

  constructor(kind: string, uniqueKeys?: (document: T) => UniqueKeys) {
    this.#kind = kind
    this.#uniqueKeys = uniqueKeys
  }

  find(world: World, id: string): Promise<T | undefined> {
    return this.#first(world, 'AND id = $4 AND NOT removed', id)
  }

  /** As find, and nobody else changes the document until this transaction ends. */
  lock(world: World, id: string): Promise<T | undefined> {
    return this.#first(world, 'AND id = $4 AND NOT removed FOR UPDATE', id)
  }

  findBy(world: World, key: string, value: string): Promise<T | undefined> {
    return this.#first(
      world,
      `AND id = (SELECT id FROM sandbox_unique
        WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND name = $4 AND value = $5)`,
      key,
      value,
    )
  }

  /** Looks through every realm, for routes where the id alone is the right to read. */
  async findAnywhere(db: Queryable, provider: string, id: string): Promise<{ realm: string; document: T } | undefined> {
    const { rows } = await db.query(
      'SELECT tenant_id, body FROM sandbox_document WHERE provider = $1 AND kind = $2 AND id = $3 AND NOT removed',
      [provider, this.#kind, id],
    )
    const row = rows[0] as { tenant_id: string; body: T } | undefined
    return row && { realm: row.tenant_id, document: row.body }
  }

  /** Newest first; undefined when `after` names no document. */
  list(world: World, page?: Page): Promise<T[] | undefined> {
    return listOf<T>(world, [this.#kind], page)
  }

  /** @throws DuplicateKeyError, having left nothing behind: the transaction may go on. */
  async insert(world: World, id: string, document: T): Promise<void> {
    const taken = this.#uniqueKeys && (await claimKeys(world, this.#kind, id, this.#uniqueKeys(document)))
    if (taken) throw new DuplicateKeyError(this.#kind, taken)
    await write(world, { inserted: [{ kind: this.#kind, id, body: document }] })
  }

  /** @throws DuplicateKeyError, after which the transaction must be rolled back. */
  async replace(world: World, id: string, document: T): Promise<void> {
    if (!this.#uniqueKeys) return write(world, { replaced: [{ kind: this.#kind, id, body: document }] })
    await world.db.query(
      `WITH released AS (${RELEASE_KEYS})
       UPDATE sandbox_document SET body = $5 WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND id = $4`,
      [...this.#place(world), id, JSON.stringify(document)],
    )
    const taken = await claimKeys(world, this.#kind, id, this.#uniqueKeys(document))
    if (taken) throw new DuplicateKeyError(this.#kind, taken)
  }

  /** Hides the document and frees its unique keys; false when there was none. */
  async remove(world: World, id: string): Promise<boolean> {
    const { rows } = await world.db.query(
      `WITH released AS (${RELEASE_KEYS})
       UPDATE sandbox_document SET removed = true
       WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND id = $4 AND NOT removed RETURNING id`,
      [...this.#place(world), id],
    )
    return rows.length > 0
  }

  #place(world: World): unknown[] {
    return [world.realm, world.provider, this.#kind]
  }

  async #first(world: World, condition: string, ...values: unknown[]): Promise<T | undefined> {
    const { rows } = await world.db.query(
      `SELECT body FROM sandbox_document WHERE tenant_id = $1 AND provider = $2 AND kind = $3 ${condition}`,
      [...this.#place(world), ...values],
    )
    return (rows[0] as { body: T } | undefined)?.body
  }
}

/** What lists documents: a collection, or several as one. */
export type Listing<T extends object> = Pick<Collection<T>, 'list'>

/** Reads documents of several kinds as one list; no document of theirs has the id of another. */
export function several<T extends object>(...kinds: readonly string[]): Listing<T> {
  return { list: (world, page) => listOf<T>(world, kinds, page) }
}

async function listOf<T>(
  world: World,
  kinds: readonly string[],
  { limit, after, where = {} }: Page = {},
): Promise<T[] | undefined> {
  const before = after === undefined ? null : await positionOf(world, kinds, after)
  if (before === undefined) return undefined
  // Of one kind, the index has the documents in this order already.
  const [ofKind, kind] = kinds.length === 1 ? ['kind = $3', kinds[0]] : ['kind = ANY($3)', kinds]
  const { rows } = await world.db.query(
    `SELECT body FROM sandbox_document WHERE tenant_id = $1 AND provider = $2 AND ${ofKind}
     AND NOT removed AND body @> $4 AND ($5::bigint IS NULL OR position < $5)
     ORDER BY position DESC LIMIT $6`,
    [world.realm, world.provider, kind, JSON.stringify(where), before, limit ?? null],
  )
  return (rows as { body: T }[]).map((row) => row.body)
}

async function positionOf(world: World, kinds: readonly string[], id: string): Promise<string | undefined> {
  const { rows } = await world.db.query(
    `SELECT position::text FROM sandbox_document
     WHERE tenant_id = $1 AND provider = $2 AND kind = ANY($3) AND id = $4`,
    [world.realm, world.provider, kinds, id],
  )
  return (rows[0] as { position: string } | undefined)?.position
}

/** Takes the keys for a document, or none of them and answers the name of one that another document has. */
async function claimKeys(world: World, kind: string, id: string, keys: UniqueKeys): Promise<string | undefined> {
  const wanted = Object.entries(keys).filter((entry): entry is [string, string] => entry[1] !== undefined)
  if (wanted.length === 0) return undefined
  const { rows } = await world.db.query(
    `INSERT INTO sandbox_unique (tenant_id, provider, kind, id, name, value)
     SELECT $1, $2, $3, $4, name, value FROM unnest($5::text[], $6::text[]) AS wanted (name, value)
     ON CONFLICT DO NOTHING RETURNING name`,
    [world.realm, world.provider, kind, id, wanted.map(([name]) => name), wanted.map(([, value]) => value)],
  )
  if (rows.length === wanted.length) return undefined
  await releaseKeys(world, kind, id)
  const claimed = new Set((rows as { name: string }[]).map((row) => row.name))
  return wanted.find(([name]) => !claimed.has(name))?.[0]
}

const RELEASE_KEYS = 'DELETE FROM sandbox_unique WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND id = $4'

async function releaseKeys(world: World, kind: string, id: string): Promise<void> {
  await world.db.query(RELEASE_KEYS, [world.realm, world.provider, kind, id])
}

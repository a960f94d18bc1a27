import type { EventRow } from '../db/rows.ts'

/** One tenant's events as far as this node has read them. */
export interface Tail {
  last: bigint
  readonly readers: Set<EventReader>
  ready: Promise<void>
  reading: boolean
  again: boolean
}

/** Which events a reader wants. */
export interface Follow {
  readonly tenantId: string
  /** Those after this cursor; from now on when absent. */
  readonly after?: bigint
  readonly types?: readonly string[]
  readonly topicId?: string
}

export class SlowReaderError extends Error {
  override readonly name = 'SlowReaderError'

  constructor() {
    super('The subscription fell too far behind; resume it from the last cursor')
  }
}

interface Source {
  read(after: bigint, limit: number): Promise<EventRow[]>
  released(): void
}

const PAGE = 200
const QUEUED_AT_MOST = 1_000

export function matches(follow: Follow, row: EventRow): boolean {
  if (follow.topicId !== undefined && row.topicId !== follow.topicId) return false
  return follow.types === undefined || follow.types.includes(row.type)
}

/**
 * One reader of the stream: first it reads pages from the table until it stands where the node stands, then it is
 * handed rows as they come. Written by hand because an async generator cannot be ended while it waits.
 */
export class EventReader implements AsyncIterableIterator<EventRow> {
  readonly follow: Follow
  readonly #tail: Tail
  readonly #source: Source
  #position: bigint | undefined
  #live = false
  #queue: EventRow[] = []
  #failure: Error | undefined
  #ended = false
  #waiting: (() => void)[] = []
  #catchingUp: Promise<void> | undefined

  constructor(follow: Follow, tail: Tail, source: Source) {
    this.follow = follow
    this.#tail = tail
    this.#source = source
    this.#position = follow.after
    // Joined from the start, so that the tail is kept; rows are only queued once the reader is live.
    tail.readers.add(this)
    if (follow.after === undefined) {
      tail.ready.then(() => this.#goLiveAt(tail.last)).catch(() => {})
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<EventRow>> {
    for (;;) {
      const row = this.#queue.shift()
      if (row) return { value: row, done: false }
      if (this.#failure) throw this.#failure
      if (this.#ended) return { value: undefined, done: true }
      if (this.#live) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      else await this.#catchUpOnce()
    }
  }

  async return(): Promise<IteratorResult<EventRow>> {
    this.end()
    this.#queue = []
    return { value: undefined, done: true }
  }

  /** Hands over a row that the node has just read. */
  push(row: EventRow): void {
    if (!this.#live || this.#ended || row.cursor <= (this.#position ?? 0n)) return
    this.#position = row.cursor
    if (this.#queue.length >= QUEUED_AT_MOST) {
      this.#failure = new SlowReaderError()
      this.#queue = []
      this.end()
      return
    }
    this.#queue.push(row)
    this.#wake()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#tail.readers.delete(this)
    this.#source.released()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Two reads at the same moment share one page, so that neither sees the other's rows again. */
  #catchUpOnce(): Promise<void> {
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined
    })
    return this.#catchingUp
  }

  async #catchUp(): Promise<void> {
    await this.#tail.ready
    if (this.#live) return
    const standing = this.#tail.last
    const from = this.#position ?? standing
    const rows = await this.#source.read(from, PAGE)
    if (this.#ended) return
    this.#queue.push(...rows)
    const last = rows.at(-1)?.cursor ?? from
    if (rows.length === PAGE) {
      this.#position = last
      return
    }
    // Everything up to `standing` was committed before the page was read, so a short page has passed it.
    const passed = furthest(last, standing, from)
    if (this.#tail.last === standing) this.#goLiveAt(passed)
    else this.#position = passed
  }

  #goLiveAt(position: bigint): void {
    this.#position = position
    this.#live = true
    this.#wake()
  }
}

function furthest(...cursors: readonly bigint[]): bigint {
  let most = 0n
  for (const cursor of cursors) if (cursor > most) most = cursor
  return most
}

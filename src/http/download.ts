import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { onBehalfOf } from '../db/requester.ts'
import type { Actor } from '../kernel/actor.ts'
import { Unavailable } from '../kernel/unavailable.ts'
import type { Log } from './log.ts'
import { type Env, FRESH, refuse, requestIdOf } from './rest.ts'

/** A file that is made while it is sent. */
export interface Download {
  readonly type: string
  readonly fileName: string
  readonly pieces: AsyncGenerator<string>
}

/** Each may hold a connection to the database for as long as it lasts. */
const AT_ONCE = 3
const AT_ONCE_PER_TENANT = 2
const CHUNK_BYTES = 64 * 1024
/** A reader that has not taken a chunk for so long is cut off. */
const STALLED_MS = 30_000
/** Whoever reads slowly may not keep a snapshot for ever. */
const LONGEST_MS = 60 * 60_000

export interface Patience {
  readonly stalledMs: number
  readonly longestMs: number
}

/** Sends files, so many at once and no slower than a reader has to be. */
export function downloads(log: Log, patience: Patience = { stalledMs: STALLED_MS, longestMs: LONGEST_MS }) {
  const running = new Map<string, number>()
  let total = 0

  /** Takes a place and answers how it is given back; undefined when there is none. */
  function enter(tenantId: string): (() => void) | undefined {
    const own = running.get(tenantId) ?? 0
    if (total >= AT_ONCE || own >= AT_ONCE_PER_TENANT) return undefined
    total += 1
    running.set(tenantId, own + 1)
    return () => {
      total -= 1
      const left = (running.get(tenantId) ?? 1) - 1
      if (left > 0) running.set(tenantId, left)
      else running.delete(tenantId)
    }
  }

  return {
    async send(c: Context<Env>, { tenantId }: Actor, open: () => Promise<Download> | Download): Promise<Response> {
      const leave = enter(tenantId)
      if (!leave) {
        c.header('retry-after', '60')
        return refuse(c, 503, 'UNAVAILABLE', 'Too many exports are running; try again in a minute.')
      }
      const { outgoing } = c.env
      const gone = new AbortController()
      outgoing.once('close', () => gone.abort(new Unavailable('The client has closed the connection')))
      try {
        const { file, first } = await onBehalfOf({ party: tenantId, signal: gone.signal }, async () => {
          const file = await open()
          // Before the head goes out, so that what fails at once is answered as a failure.
          return { file, first: await file.pieces.next() }
        })
        const pieces = rest(first, file.pieces, leave)
        const body = streamOf(pieces, outgoing, patience, (error) => {
          if (!gone.signal.aborted) log.error({ err: error, requestId: requestIdOf(c) }, 'an export failed')
        })
        return c.body(body, 200, {
          ...FRESH,
          'content-type': file.type,
          'content-disposition': `attachment; filename="${file.fileName}"`,
        })
      } catch (error) {
        leave()
        throw error
      }
    },
  }
}

/** The pieces from the first on. However they end, that they have ended is told. */
async function* rest(first: IteratorResult<string>, pieces: AsyncGenerator<string>, onEnd: () => void) {
  try {
    if (first.done) return
    yield first.value
    yield* pieces
  } finally {
    await pieces.return(undefined)
    onEnd()
  }
}

/**
 * One chunk is made when the one before it was taken, and none once the reader has gone. A file that fails half way is
 * cut off: its reader must not take it for a whole one.
 */
function streamOf(
  pieces: AsyncGenerator<string>,
  outgoing: ServerResponse,
  { stalledMs, longestMs }: Patience,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const cut = () => outgoing.destroy()
  let left = new Uint8Array(0)
  let stalled: NodeJS.Timeout | undefined
  const overdue = setTimeout(cut, longestMs)
  outgoing.once('close', () => {
    clearTimeout(stalled)
    clearTimeout(overdue)
  })
  return new ReadableStream(
    {
      async pull(controller) {
        clearTimeout(stalled)
        try {
          while (left.length === 0) {
            const { value, done } = await pieces.next()
            if (done) return controller.close()
            left = new Uint8Array(Buffer.from(value))
          }
          controller.enqueue(left.subarray(0, CHUNK_BYTES))
          left = left.subarray(CHUNK_BYTES)
          if (!outgoing.destroyed) stalled = setTimeout(cut, stalledMs)
        } catch (error) {
          failed(error)
          cut()
          controller.error(error)
        }
      },
      async cancel() {
        await pieces.return('')
      },
    },
    { highWaterMark: 0 },
  )
}

import type { Context, Hono } from 'hono'
import type { Actor, Role } from '../kernel/actor.ts'
import { type Admission, authenticated } from './authenticated.ts'
import type { Log } from './log.ts'
import { type Env, FRESH, refuse, requestIdOf } from './rest.ts'

/** A file that is made while it is sent. */
interface ExportFile {
  readonly fileName: string
  readonly pieces: AsyncGenerator<string>
}

export interface Exports {
  data(actor: Actor): Promise<ExportFile>
}

const MANAGERS: readonly Role[] = ['OWNER', 'ADMIN']
/** Each holds a connection to the database for as long as it lasts. */
const EXPORTS_AT_ONCE = 3
/** A reader that has taken nothing for so long is cut off, and the snapshot with it. */
const STALLED_MS = 120_000

interface Parts extends Admission {
  readonly exports: Exports
  readonly log: Log
}

/** What a tenant takes along: `GET /exports/data`. */
export function addExports(router: Hono<Env>, { exports, log, ...admission }: Parts): void {
  let running = 0

  /** A file that fails half way is cut off: its reader must not take it for a whole one. */
  async function* counted({ pieces }: ExportFile, c: Context<Env>): AsyncGenerator<string> {
    running += 1
    try {
      yield* pieces
    } catch (error) {
      log.error({ err: error, requestId: requestIdOf(c) }, 'an export failed')
      c.env.outgoing.destroy()
    } finally {
      running -= 1
    }
  }

  router.get('/exports/data', async (c) => {
    const actor = await authenticated(c, admission, MANAGERS, 'exportData.query')
    if (actor instanceof Response) return actor
    if (running >= EXPORTS_AT_ONCE) {
      c.header('retry-after', '60')
      return refuse(c, 503, 'BUSY', 'Other exports are running; ask again in a minute.')
    }
    const file = await exports.data(actor)
    const { outgoing } = c.env
    outgoing.setTimeout(STALLED_MS, () => outgoing.destroy())
    return c.body(streamOf(counted(file, c)), 200, {
      ...FRESH,
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="${file.fileName}"`,
    })
  })
}

/** One piece is made when the one before it was taken, and none once the reader has gone. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

import type { Hono } from 'hono'
import type { Actor, Role } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import { type Admission, authenticated } from './authenticated.ts'
import type { Log } from './log.ts'
import { type Env, FRESH, refuse, requestIdOf } from './rest.ts'

export interface Accounting {
  /** The text of a file, read as it is written. @throws DomainError for every bad field */
  export(actor: Actor, input: unknown): { type: string; text: AsyncGenerator<string> }
}

interface Parts extends Admission {
  readonly accounting: Accounting
  readonly log: Log
}

const ANYBODY: readonly Role[] = ['OWNER', 'ADMIN', 'USER']
/** A reader that has taken nothing for so long is cut off. */
const STALLED_MS = 120_000

/**
 * `GET /exports/accounting?from=2026-01-01&to=2026-01-31&format=csv|json`, under a secret key; with `bom=true` for Excel. The `Time-Zone` header
 * says whose days they are.
 */
export function addAccountingExport(router: Hono<Env>, { accounting, log, ...admission }: Parts): void {
  router.get('/exports/accounting', async (c) => {
    const actor = await authenticated(c, admission, ANYBODY, 'exportAccounting.query')
    if (actor instanceof Response) return actor
    const { outgoing } = c.env
    try {
      const { from, to, format, bom } = c.req.query()
      const timezone = c.req.header('time-zone')
      const { type, text } = accounting.export(actor, { from, to, format, bom, timezone })
      outgoing.setTimeout(STALLED_MS, () => outgoing.destroy())
      const body = streamOf(text, (error) => {
        // A file that fails half way is cut off: its reader must not take it for a whole one.
        log.error({ err: error, requestId: requestIdOf(c) }, 'an export failed')
        outgoing.destroy()
      })
      return c.body(body, 200, {
        ...FRESH,
        'content-type': `${type}; charset=utf-8`,
        'content-disposition': `attachment; filename="accounting-${from}-${to}.${format}"`,
      })
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const message = error.problems.map(({ field, message }) => `${field?.join('.')} ${message}`).join('; ')
      return refuse(c, 400, 'BAD_USER_INPUT', message)
    }
  })
}

/** One piece is made when the one before it was taken, and none once the reader has gone. */
function streamOf(
  pieces: AsyncGenerator<string>,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { value, done } = await pieces.next()
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          failed(error)
          controller.error(error)
        }
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

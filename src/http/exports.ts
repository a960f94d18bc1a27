import type { Context, Hono } from 'hono'
import type { Actor, Role } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import { type Admission, authenticated } from './authenticated.ts'
import { downloads, type Patience } from './download.ts'
import type { Log } from './log.ts'
import { readParameters } from './parameters.ts'
import { type Env, refuse } from './rest.ts'

export interface Exports {
  data(actor: Actor): Promise<{ fileName: string; pieces: AsyncGenerator<string> }>
}

export interface Accounting {
  /** The text of a file, read as it is written. @throws DomainError for every bad field */
  export(actor: Actor, input: unknown): { type: string; text: AsyncGenerator<string> }
}

interface Parts extends Admission {
  readonly exports: Exports
  readonly accounting: Accounting
  /** How slow a reader may be; left out where nobody says otherwise. */
  readonly patience?: Patience | undefined
  readonly log: Log
}

const MANAGERS: readonly Role[] = ['OWNER', 'ADMIN']
const ANYBODY: readonly Role[] = ['OWNER', 'ADMIN', 'USER']

/**
 * What a tenant takes along: `GET /exports/data`, and
 * `GET /exports/accounting?from=2026-01-01&to=2026-01-31&format=csv|json`, with `bom=true` for Excel, where
 * the `Time-Zone` header says whose days they are.
 */
export function addExports(router: Hono<Env>, { exports, accounting, log, patience, ...admission }: Parts): void {
  const { send } = downloads(log, patience)

  router.get('/exports/data', async (c) => {
    const actor = await authenticated(c, admission, MANAGERS, 'exportData.query')
    if (actor instanceof Response) return actor
    const { problems } = readParameters(c.req.url, [])
    if (problems.length > 0) return refuseAll(c, problems)
    return send(c, actor, async () => ({ type: 'application/x-ndjson', ...(await exports.data(actor)) }))
  })

  router.get('/exports/accounting', async (c) => {
    const actor = await authenticated(c, admission, ANYBODY, 'exportAccounting.query')
    if (actor instanceof Response) return actor
    const { values, problems } = readParameters(c.req.url, ['from', 'to', 'format', 'bom'])
    if (problems.length > 0) return refuseAll(c, problems)
    const { from, to, format } = values
    const timezone = c.req.header('time-zone')
    try {
      const { type, text } = accounting.export(actor, { ...values, timezone })
      const fileName = `accounting-${from}-${to}.${format}`
      return await send(c, actor, () => ({ type: `${type}; charset=utf-8`, fileName, pieces: text }))
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      return refuseAll(
        c,
        error.problems.map(({ field, message }) => `${field?.join('.')} ${message}`),
      )
    }
  })
}

function refuseAll(c: Context<Env>, problems: readonly string[]): Response {
  return refuse(c, 400, 'BAD_USER_INPUT', problems.join('; '))
}

import { StartError } from '../kernel/start-error.ts'
import { openConnection, reasonOf } from './connection.ts'

/** One listens, one serves requests, and one must be left for what else has to be asked. */
const FEWEST = 3

/**
 * Opens as many connections as the gateway may use, all at once, and closes them again: only so all the limits are met
 * that there may be, of the server, the database, the role, and a pooler. Answers what to tell the operator, if anything.
 * Raises a StartError where the gateway could not work.
 */
export async function tryConnections(url: string, wanted: number): Promise<string | undefined> {
  const tries = Array.from({ length: wanted }, () => openConnection(url, { name: 'tollgate start' }))
  const results = await Promise.allSettled(tries)
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const limit = await limitOf(opened[0])
  await Promise.all(opened.map((client) => client.end().catch(() => {})))
  const refused = results.find((result) => result.status === 'rejected')
  if (!refused) return undefined
  const what = `the gateway may use ${wanted} connections, but the database allows it ${opened.length}${limit} (${reasonOf(refused.reason)})`
  if (opened.length < FEWEST) {
    // Where it is no limit that refused, it may have been the connections' loss, and another start finds them.
    const cause = isLimit(refused.reason) ? undefined : refused.reason
    throw new StartError(`DATABASE_URL: ${what}; it needs at least ${FEWEST}`, { cause })
  }
  return `${what}; lower DATABASE_POOL_SIZE, or allow more connections`
}

function isLimit(error: { code?: string }): boolean {
  return error.code?.startsWith('53') ?? false
}

async function limitOf(client: Awaited<ReturnType<typeof openConnection>> | undefined): Promise<string> {
  const answer = await client
    ?.query<{ limit: string }>(`SELECT current_setting('max_connections') AS limit`)
    .catch(() => {})
  return answer?.rows[0] ? ` of the server's ${answer.rows[0].limit}` : ''
}

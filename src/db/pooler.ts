import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { readAddress, withParameter } from './address.ts'
import { openConnection, reasonOf } from './connection.ts'

/** Which session of the server a connection has: one of its own, or for each transaction any of a pooler's. */
export type Pooling = 'session' | 'transaction'

const PATIENCE_MS = 5_000
/** What a pooler says to a statement that its mode does not allow. */
const PROTOCOL_VIOLATION = '08P01'

/** Found out by asking, since a pooler does not say what it is. */
export async function poolingOf(url: string): Promise<Pooling> {
  if (readAddress(url).transactionPooler) return 'transaction'
  const asked = withParameter(url, 'pgbouncer', 'true')
  const first = await openConnection(asked, { name: 'tollgate start' })
  try {
    const second = await openConnection(asked, { name: 'tollgate start' }).catch((error) => {
      const what = 'the server, or a pooler in front of it, allows only one connection'
      throw new StartError(`DATABASE_URL: ${what} (${reasonOf(error)})`, { cause: error })
    })
    try {
      return await compare(first, second)
    } finally {
      await second.end()
    }
  } finally {
    await first.end()
  }
}

/**
 * Two connections with sessions of their own see two processes of the server, each always the same. In this order a
 * pooler shows itself whether it hands out the session that was used last, or that which was used longest ago.
 */
async function compare(first: pg.Client, second: pg.Client): Promise<Pooling> {
  const seen = new Map<pg.Client, Set<number>>([
    [first, new Set()],
    [second, new Set()],
  ])
  for (const client of [first, second, second, first, first, second]) {
    const answer = client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid').catch((error) => {
      if (error.code !== PROTOCOL_VIOLATION && unavailable(error)) throw error
      // Above all a pooler in statement mode.
      throw new StartError(`DATABASE_URL: a transaction was refused (${reasonOf(error)})`)
    })
    const { rows } = await withinPatience(answer)
    for (const { pid } of rows) seen.get(client)?.add(pid)
  }
  const pids = [...seen.values()].flatMap((each) => [...each])
  return pids.length === 2 && new Set(pids).size === 2 ? 'session' : 'transaction'
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StartError('DATABASE_URL: a second connection gets no session: the pool of the pooler is too small'))
    }, PATIENCE_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

export function refusePooler(): never {
  throw new StartError(
    'DATABASE_URL leads to a pooler in transaction mode, which does not support LISTEN: set DATABASE_LISTEN_URL to the address of the server itself',
  )
}

/** Proves that what is announced over one address is heard over the other: both are the same database. */
export async function proveNotifications(url: string, sessionUrl: string): Promise<void> {
  const channel = `tollgate_${randomBytes(8).toString('hex')}`
  const listener = await openConnection(sessionUrl, { name: 'tollgate start' })
  try {
    const heard = new Promise<boolean>((resolve) => {
      listener.on('notification', () => resolve(true))
      setTimeout(resolve, PATIENCE_MS, false).unref()
    })
    await listener.query(`LISTEN ${channel}`)
    const speaker = await openConnection(url, { name: 'tollgate start' })
    await speaker.query(`SELECT pg_notify('${channel}', '')`).finally(() => speaker.end())
    if (!(await heard)) {
      throw new StartError(
        'DATABASE_LISTEN_URL does not receive the notifications of DATABASE_URL: both must lead to the same database',
      )
    }
  } finally {
    await listener.end()
  }
}

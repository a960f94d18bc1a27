import pg from 'pg'
import { configOf } from './connection.ts'
import { type PooledConfig, PooledConnection } from './pooled-connection.ts'
import { requester } from './requester.ts'
import { Turns } from './turns.ts'

/** What one kind of work may take. */
export interface PoolOptions {
  /** What the server's list of sessions shows. */
  readonly name: string
  readonly size: number
  /** How long one statement may run, on the server. */
  readonly statementMs: number
  /** How long a lock is waited for, on the server. */
  readonly lockMs: number
  /** How long a connection is waited for when all are in use. */
  readonly waitMs: number
}

/** A server that has gone is known to have gone so long after a statement should have ended. */
const GRACE_MS = 5_000
const IDLE_IN_TRANSACTION_MS = 60_000
/** How many of a party may wait for a connection. */
const WAITING_AT_MOST = 1_000

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void

/**
 * Connections for one kind of work. Each party has half of them at most, whoever waits does so for a bounded time, a
 * request that is given up gives its connection up, and a server that takes no writes is left for another.
 */
export class Pool extends pg.Pool {
  readonly #turns: Turns
  /** Connections that were opened before are of a server that takes no writes, or dead. */
  #leftAt = 0

  constructor(config: PooledConfig, { size, waitMs }: Pick<PoolOptions, 'size' | 'waitMs'>) {
    super({ ...config, max: size, Client: PooledConnection as unknown as new () => pg.ClientBase })
    this.#turns = new Turns({ atOnce: size, share: Math.ceil(size / 2), waitMs, waitingAtMost: WAITING_AT_MOST })
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.on('error', () => {})
    this.on('connect', (client) => {
      pooled(client).onUseless = () => this.leave()
    })
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const lent = this.#lend()
    if (!callback) return lent
    lent.then(
      (client) => callback(undefined, client, client.release),
      (error) => callback(error, undefined, () => {}),
    )
    return undefined
  }

  async #lend(): Promise<pg.PoolClient> {
    const { party, signal } = requester()
    const giveBack = await this.#turns.take(party, signal)
    try {
      const client = await this.#open()
      const release = client.release.bind(client)
      const abandon = () => pooled(client).abandon()
      if (signal?.aborted) abandon()
      signal?.addEventListener('abort', abandon)
      client.release = (broken) => {
        signal?.removeEventListener('abort', abandon)
        release(broken || pooled(client).since < this.#leftAt)
        giveBack()
      }
      return client
    } catch (error) {
      giveBack()
      throw error
    }
  }

  async #open(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect()
      if (pooled(client).since >= this.#leftAt) return client
      client.release(true)
    }
  }

  /** Trusts no connection that is open: each is closed when it is next free, and another opened. */
  leave(): void {
    this.#leftAt = performance.now()
  }
}

function pooled(client: pg.PoolClient): PooledConnection {
  return client as unknown as PooledConnection
}

/** A pool of connections for one kind of work. */
export function openPool(url: string, { name, statementMs, lockMs, ...limits }: PoolOptions): Pool {
  const settings = {
    statement_timeout: String(statementMs),
    lock_timeout: String(lockMs),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
  }
  return new Pool({ ...configOf(url, { name, settings }), answerWithinMs: statementMs + GRACE_MS }, limits)
}

/** Lends a connection for some work. One on which something failed is closed. */
export async function withConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = true
  try {
    const result = await work(client)
    broken = false
    return result
  } finally {
    client.release(broken)
  }
}

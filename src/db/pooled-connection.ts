import pg from 'pg'
import { type Config, Connection } from './connection.ts'
import { sendingAhead } from './sending-ahead.ts'

type Callback = (error: unknown, result?: unknown) => void
type Query = (...given: unknown[]) => Promise<unknown> | undefined

export interface PooledConfig extends Config {
  /** How long an answer is waited for, from a server that may have gone without a word. */
  readonly answerWithinMs: number
}

/** A connection of a pool, which waits for no answer for ever and can be given up while it waits. */
export class PooledConnection extends Connection {
  /** When it began to be opened, by performance.now(). */
  readonly since = performance.now()
  /** Called when the server turns out to take no writes, or gives no answer in time. */
  onUseless: () => void = () => {}

  // The pool makes its clients with its own options, which hold all that it was made with.
  constructor(config: PooledConfig) {
    super({ ...config, pipeline: !config.transactionPooler } as PooledConfig)
    const watched = this.#watched(this.query.bind(this) as Query, config.answerWithinMs)
    // A pooler that gives a server for one transaction only is told of each statement by itself.
    this.query = (config.transactionPooler ? watched : sendingAhead(watched)) as typeof this.query
  }

  #watched(query: Query, answerWithinMs: number): Query {
    return (...given) => {
      const overdue = setTimeout(() => {
        this.onUseless()
        this.abandon()
      }, answerWithinMs)
      const ended = (error: unknown) => {
        clearTimeout(overdue)
        if (isReadOnly(error)) this.onUseless()
      }
      const callback = given.at(-1)
      if (typeof callback !== 'function') {
        const answer = query(...given)
        answer?.then(() => ended(undefined), ended)
        return answer
      }
      const answered: Callback = (error, result) => {
        ended(error)
        callback(error, result)
      }
      return query(...given.slice(0, -1), answered)
    }
  }

  /** Gives the connection up: the server is told to stop, and whoever waits for it hears that it is lost. */
  abandon(): void {
    this.#cancel()
    const { connection } = this as unknown as { connection: pg.Connection }
    connection.stream.destroy()
  }

  /** By a connection of its own, as the protocol wants it. Where it fails the server ends the statement by its timeout. */
  #cancel(): void {
    const { processID, secretKey } = this as unknown as { processID: number | null; secretKey: number | null }
    if (processID === null || secretKey === null) return
    const messenger = new pg.Connection() as Messenger
    messenger.on('error', () => messenger.stream.destroy())
    messenger.once('connect', () => messenger.cancel(processID, secretKey))
    messenger.stream.setTimeout(CANCEL_WITHIN_MS, () => messenger.stream.destroy())
    if (this.host.startsWith('/')) messenger.connect(`${this.host}/.s.PGSQL.${this.port}`)
    else messenger.connect(this.port, this.host)
  }
}

const CANCEL_WITHIN_MS = 5_000

/** What the driver's types leave out. */
interface Messenger extends pg.Connection {
  readonly stream: pg.Connection['stream'] & { setTimeout(ms: number, onTimeout: () => void): void }
  connect(port: number | string, host?: string): void
  cancel(processId: number, secretKey: number): void
}

function isReadOnly(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '25006'
}

import pg from 'pg'
import { type Address, type Host, readAddress, shownHost } from './address.ts'
import { Session } from './session.ts'
import { type Try, triesOf } from './tls.ts'

/**
 * Every connection to PostgreSQL is opened here: at the first host that can be written to, with a session of its own.
 * Behind a pooler that gives a server for one transaction only, the session's settings go with each transaction, and no
 * statement is prepared under a name.
 */

export interface ConnectionOptions {
  /** What the server's list of sessions shows. */
  readonly name: string
  /** Settings of these sessions, such as a statement_timeout, over those that every session has. */
  readonly settings?: Readonly<Record<string, string>>
  /** How long one host is waited for; what the address says, or 5 seconds. */
  readonly connectTimeoutMs?: number
}

/** A connection for what lasts longer than a statement. */
export type Client = pg.Client

/** One open connection. Whoever opens it ends it, and listens to its `error` event where it stays open. */
export async function openConnection(url: string, options: ConnectionOptions): Promise<pg.Client> {
  const client = newConnection(url, options)
  await client.connect()
  return client
}

/** As openConnection, but not connected yet, for who listens to its events from the start. */
export function newConnection(url: string, options: ConnectionOptions): pg.Client {
  return new Connection(configOf(url, options))
}

/** The server answers, but takes no changes: it is a standby, or its operator made it read-only. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError'
}

const KEEP_ALIVE_AFTER_MS = 10_000

export interface Config extends pg.ClientConfig {
  /** A function, so that no print of an object shows it, and neither the environment nor a file stands in for it. */
  readonly readPassword: () => string
  /** The most promising first. */
  readonly places: Place[]
  readonly session: Session
  readonly transactionPooler: boolean
}

/** Where a connection is tried, and how. */
interface Place {
  readonly host: Host
  readonly tls: Try
}

export function configOf(url: string, { name, settings = {}, connectTimeoutMs }: ConnectionOptions): Config {
  const address = readAddress(url)
  const { user, password, database, channelBinding, transactionPooler } = address
  return {
    user,
    readPassword: () => password ?? '',
    database,
    application_name: name,
    client_encoding: 'UTF8',
    enableChannelBinding: channelBinding,
    sslnegotiation: address.sslNegotiation,
    connectionTimeoutMillis: connectTimeoutMs ?? address.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    places: placesOf(address),
    session: new Session({ schema: address.schema, asked: address.settings, own: settings }),
    transactionPooler,
  }
}

function placesOf({ hosts, sslMode, tls }: Address): Place[] {
  return hosts.flatMap((host) => triesOf(sslMode, host.host, tls).map((each) => ({ host, tls: each })))
}

/** What pg.Client has beyond its types. */
interface Inner {
  readonly connection: { removeAllListeners(): void; on(event: 'error', listener: () => void): void; end(): void }
  getTransactionStatus(): 'I' | 'T' | 'E' | null
}

type Callback = (error: Error | null, result?: unknown) => void
type Statement = string | { readonly text: string; readonly name?: string; readonly values?: unknown[] }

/** Its loss ends what is done on it, and never the process. */
export class Connection extends pg.Client {
  readonly #config: Config
  #opening = false

  // The pool makes its clients with its own options, which hold all that it was made with.
  constructor(config: Config) {
    super(atPlace(config, config.places[0]))
    this.#config = config
    // Whoever waits for a statement hears that the connection broke; without a listener it would end the process.
    this.on('error', () => {})
    if (config.transactionPooler) this.query = ((...given: unknown[]) => this.#query(given)) as typeof this.query
  }

  override connect(callback?: (...given: never[]) => void) {
    return answer(this.#open(), callback as Callback | undefined) as Promise<pg.Client>
  }

  /** Tries one place after another. The one that was right is the first for the next connection of the pool. */
  async #open(): Promise<pg.Client> {
    const { places } = this.#config
    const failures: Failure[] = []
    this.#opening = true
    for (const [number, place] of [...places].entries()) {
      const last = failures.at(-1)
      if (last && last.host === place.host && !isAboutTls(last.error)) continue
      if (number > 0) this.#renew(place)
      try {
        await super.connect()
        await this.#prepare()
        places.sort((a, b) => Number(b === place) - Number(a === place))
        this.#opening = false
        return this
      } catch (error) {
        failures.push({ host: place.host, error: error as Error })
        if ((error as { code?: string }).code === WRONG_PASSWORD) break
      }
    }
    await this.end().catch(() => {})
    this.#opening = false
    this.emit('end')
    throw summaryOf(failures)
  }

  /** The end of one try is not the end of the connection. */
  override emit(event: string | symbol, ...given: unknown[]): boolean {
    return event === 'end' && this.#opening ? false : super.emit(event, ...given)
  }

  /** A client connects only once; with what a fresh one holds it can connect again. */
  #renew(place: Place): void {
    const { connection } = this as unknown as Inner
    connection.removeAllListeners()
    connection.on('error', () => {})
    connection.end()
    const fresh = new pg.Client(atPlace(this.#config, place)) as unknown as Record<string, unknown>
    const { _events, _eventsCount, _maxListeners, ...state } = fresh
    Object.assign(this, state)
  }

  async #prepare(): Promise<void> {
    const { session, transactionPooler } = this.#config
    const columns = [...STATE, ...(transactionPooler ? [] : session.forConnection())]
    // A standby answers only where the isolation is named. A pooler that has no session left takes the connection, and
    // keeps its first statement waiting.
    const text = `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${columns.join(', ')}; COMMIT`
    const answers = await super.query({ text, query_timeout: this.#config.connectionTimeoutMillis } as pg.QueryConfig)
    const [, state] = answers as unknown as pg.QueryResult<{ standby: boolean; readonly: string }>[]
    if (state?.rows[0]?.standby) throw new ReadOnlyError('it is a read-only standby')
    if (state?.rows[0]?.readonly === 'on') throw new ReadOnlyError('default_transaction_read_only is on')
  }

  #query(given: unknown[]) {
    const callback = given.find((each) => typeof each === 'function') as Callback | undefined
    const [statement, values] = given.filter((each) => each !== callback) as [Statement, unknown[]?]
    return answer(this.#queryInTransaction(unnamed(statement), values), callback)
  }

  /** Two statements of one connection may be on two sessions, unless they are in one transaction. */
  async #queryInTransaction(statement: Statement, values?: unknown[]): Promise<unknown> {
    const text = typeof statement === 'string' ? statement : statement.text
    const send = super.query.bind(this) as (...given: unknown[]) => Promise<unknown>
    if ((this as unknown as Inner).getTransactionStatus() !== 'I') return send(statement, values)
    const { session } = this.#config
    if (/^\s*begin\b/i.test(text)) return firstOf(await send(session.begin(text)))
    await send(session.begin('BEGIN'))
    try {
      const result = await send(statement, values)
      await send('COMMIT')
      return result
    } catch (error) {
      // Only a server that answered will answer again.
      if (isFromServer(error)) await send('ROLLBACK').catch(() => {})
      else this.end().catch(() => {})
      throw error
    }
  }
}

const STATE = ['pg_is_in_recovery() AS standby', `current_setting('default_transaction_read_only') AS readonly`]
const WRONG_PASSWORD = '28P01'
const NOT_LET_IN = '28000'

interface Failure {
  readonly host: Host
  readonly error: Error
}

function atPlace(config: Config, place: Place | undefined): pg.ClientConfig {
  const { host, port } = place?.host ?? { host: 'localhost', port: 5432 }
  return { ...config, password: config.readPassword, host, port, ssl: place?.tls ?? false }
}

/** Whether the same host may take the connection with TLS where it did not without, or the other way round. */
function isAboutTls(error: Error & { code?: string }): boolean {
  if (error.code === NOT_LET_IN || error.code?.startsWith('ERR_SSL')) return true
  return /server does not support SSL|establishing an SSL connection/.test(error.message)
}

/** One failure speaks for itself; of several, each is told with its host. */
function summaryOf(failures: readonly Failure[]): Error {
  const last = failures.at(-1)
  if (!last) return new Error('there is no host')
  const hosts = new Map(failures.map(({ host, error }) => [host, error]))
  if (hosts.size === 1) return last.error
  const each = [...hosts].map(([host, error]) => `${shownHost(host)}: ${reasonOf(error)}`)
  const code = (last.error as { code?: string }).code
  return Object.assign(new Error(each.join('; '), { cause: last.error }), code === undefined ? {} : { code })
}

/** A host with several addresses fails with several errors, and no message of its own. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

function isFromServer(error: unknown): boolean {
  return error instanceof pg.DatabaseError
}

function unnamed(statement: Statement): Statement {
  return typeof statement === 'string' ? statement : { ...statement, name: undefined as unknown as string }
}

/** A text of several statements is answered by several results. */
function firstOf(result: unknown): unknown {
  return Array.isArray(result) ? result[0] : result
}

/** As pg answers: by the callback where one is given, else by a promise. */
function answer(work: Promise<unknown>, callback: Callback | undefined): Promise<unknown> | undefined {
  if (!callback) return work
  work.then((result) => callback(null, result), callback)
  return undefined
}

import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ConnectionOptions } from 'node:tls'
import { StartError } from '../kernel/start-error.ts'
import { schemaIn, settingsIn } from './session.ts'
import { isSslMode, type SslMode } from './tls.ts'

/**
 * A database's address as libpq reads it: several hosts, unix sockets, TLS by sslmode, any mark in a password. With two
 * parameters that Prisma made usual: `schema`, and `pgbouncer=true` for a pooler that gives a server for one
 * transaction only. A parameter that would be ignored is refused: it was written for a reason.
 */
export interface Address {
  readonly hosts: readonly Host[]
  readonly user: string
  /** Never part of a message. */
  readonly password: string | undefined
  readonly database: string
  /** Undefined where the address names none. */
  readonly schema: string | undefined
  readonly sslMode: SslMode
  /** The certificates and key that sslrootcert, sslcert and sslkey name. */
  readonly tls: ConnectionOptions
  readonly sslNegotiation: 'postgres' | 'direct'
  readonly channelBinding: boolean
  /** How long one host is waited for. */
  readonly connectTimeoutMs: number
  /** The server's settings that `options` asks for, as in -c work_mem=64MB. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether two transactions of one connection may be on two sessions of the server. */
  readonly transactionPooler: boolean
}

export interface Host {
  /** A name, an IP address, or the folder of a unix socket. */
  readonly host: string
  readonly port: number
}

const PARTS = /^postgres(?:ql)?:\/\/(?:([^@/]*)@)?([^/?#@]*)(?:\/([^?]*))?(?:\?(.*))?$/s
const CONNECT_TIMEOUT_MS = 5_000

/** Understood, and either done anyway or without a meaning for a gateway. */
const WITHOUT_EFFECT = [
  'fallback_application_name',
  'application_name',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslcompression',
  'sslsni',
  'uselibpqcompat',
]

/** The values that a parameter may have where it has an effect that is always the same. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  client_encoding: ['utf8', 'utf-8', 'unicode', 'auto'],
  target_session_attrs: ['any', 'read-write', 'primary'],
  load_balance_hosts: ['disable'],
  gssencmode: ['disable', 'prefer'],
  channel_binding: ['disable', 'prefer'],
  sslnegotiation: ['postgres', 'direct'],
  pgbouncer: ['true', 'false'],
  ssl: ['true', 'false'],
}

const READ = ['host', 'port', 'user', 'password', 'dbname', 'schema', 'options', 'connect_timeout', 'sslmode']
const FILES = ['sslrootcert', 'sslcert', 'sslkey', 'sslpassword']
const KNOWN: ReadonlySet<string> = new Set([...WITHOUT_EFFECT, ...Object.keys(ALLOWED), ...READ, ...FILES])

/** @throws StartError in one line that names the rule and never the password. */
export function readAddress(url: string): Address {
  const [, userInfoPart, hostPart = '', path, query] = PARTS.exec(url) ?? refuse(url)
  const [name, password] = splitOnce(userInfoPart ?? '', ':')
  const parameters = readParameters(query)
  const user = parameters.get('user') ?? decoded(name)
  const database = parameters.get('dbname') ?? decoded(path ?? '')
  const sslMode = sslModeOf(parameters)
  const settings = settingsIn(parameters.get('options') ?? '')
  const secret = parameters.get('password') ?? (password === undefined ? undefined : decoded(password))
  return {
    hosts: readHosts(parameters.get('host') ?? hostPart, parameters.get('port')),
    user: user || systemUser(),
    password: secret || undefined,
    database: database || refuse('postgres://', 'must be an address that names a database'),
    schema: parameters.get('schema') || schemaIn(settings.search_path),
    sslMode,
    tls: readTlsFiles(parameters),
    sslNegotiation: parameters.get('sslnegotiation') === 'direct' ? 'direct' : 'postgres',
    channelBinding: parameters.get('channel_binding') === 'prefer',
    connectTimeoutMs: timeoutOf(parameters.get('connect_timeout')),
    settings,
    transactionPooler: parameters.get('pgbouncer') === 'true',
  }
}

/** The address for messages: hosts and database, without user, password and parameters. */
export function shown({ hosts, database }: Pick<Address, 'hosts' | 'database'>): string {
  return `${hosts.map(shownHost).join(',')}/${database}`
}

export function shownHost({ host, port }: Host): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same address with one parameter set. */
export function withParameter(url: string, name: string, value: string): string {
  const query = PARTS.exec(url)?.[4]
  const base = query === undefined ? url : url.slice(0, -query.length - 1)
  const others = (query ?? '').split('&').filter((pair) => pair !== '' && splitOnce(pair, '=')[0] !== name)
  return `${base}?${[...others, `${name}=${encodeURIComponent(value)}`].join('&')}`
}

/** The same address with a password, where it has none. */
export function withPassword(url: string, password: string): string {
  return readAddress(url).password === undefined ? withParameter(url, 'password', password) : url
}

function refuse(url: string, why = 'cannot be read: percent-encode / @ and % in the user and the password'): never {
  if (/^postgres(ql)?:\/\//.test(url)) throw new StartError(why)
  throw new StartError('must be an address like postgres://user:password@host/database')
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new StartError(
      'has a % that is not part of a percent-encoding: percent-encode special characters in the user and the password',
    )
  }
}

function readParameters(query = ''): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const [key, value = ''] = splitOnce(pair, '=')
    const name = decoded(key).toLowerCase()
    if (!KNOWN.has(name)) throw new StartError(unknownParameter(name))
    const text = decoded(value)
    const allowed = ALLOWED[name]
    if (allowed && !allowed.includes(text.toLowerCase())) {
      throw new StartError(`has ${name}=${text}, which Tollgate does not support: use ${allowed.join(' or ')}`)
    }
    parameters.set(name, allowed ? text.toLowerCase() : text)
  }
  return parameters
}

function unknownParameter(name: string): string {
  const known = /^[a-z_]{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter'
  return `has ${known} that Tollgate does not know; if it is part of the password, percent-encode the special characters of the password`
}

function readHosts(hosts: string, ports: string | undefined): Host[] {
  const listed = ports?.split(',')
  return hosts.split(',').map((entry, place) => {
    const [, bracketed, plain, own] = /^(?:\[([^\]]*)\]|(\/.*|[^:]*))(?::(\d*))?$/.exec(entry) ?? refuse('postgres://')
    const port = Number(own || (listed?.[place] ?? listed?.[0]) || 5432)
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new StartError('has a port outside 1 to 65535')
    return { host: decoded(bracketed ?? (plain || localHost())), port }
  })
}

/** Without a host, libpq takes the unix socket of this machine's server. */
function localHost(): string {
  return ['/var/run/postgresql', '/tmp'].find((folder) => existsSync(`${folder}/.s.PGSQL.5432`)) ?? 'localhost'
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    throw new StartError('must name a user')
  }
}

function sslModeOf(parameters: ReadonlyMap<string, string>): SslMode {
  const mode = parameters.get('sslmode') ?? (parameters.get('ssl') === 'true' ? 'require' : 'prefer')
  // node-postgres' own word for libpq's require.
  if (mode === 'no-verify') return 'require'
  if (isSslMode(mode)) return mode
  throw new StartError(`has sslmode=${mode}: it may be disable, allow, prefer, require, verify-ca or verify-full`)
}

function readTlsFiles(parameters: ReadonlyMap<string, string>): ConnectionOptions {
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => {
    const file = parameters.get(name)
    return file && !(name === 'sslrootcert' && file === 'system') ? readFile(name, file) : undefined
  })
  const passphrase = parameters.get('sslpassword')
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(passphrase && { passphrase }) }
}

function readFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError(`has ${name}=${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function timeoutOf(seconds: string | undefined): number {
  if (seconds === undefined) return CONNECT_TIMEOUT_MS
  if (!/^\d{1,4}$/.test(seconds)) throw new StartError('has a connect_timeout that is not a number of seconds')
  // libpq's 0 is for ever, which no connection of a gateway may wait.
  return Number(seconds) * 1_000 || CONNECT_TIMEOUT_MS
}

import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { readAddress, withPassword } from './db/address.ts'
import { StartError } from './kernel/start-error.ts'
import { parseUrl } from './kernel/url.ts'
import { type Network, networkFrom } from './outbound/address.ts'

/** What the environment says, checked and frozen. Nothing else reads the environment. */
export interface Config {
  readonly environment: 'development' | 'test' | 'production'
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly dataDir: string
  /** How many connections to PostgreSQL serve requests and work that is due. */
  readonly databasePoolSize: number
  /** Undefined for the private PostgreSQL on the data folder. */
  readonly databaseUrl: string | undefined
  /** The same database past a pooler, where `databaseUrl` leads to one that gives no session. */
  readonly databaseListenUrl: string | undefined
  /** Where browsers and providers reach us, without a slash at the end. Undefined while the port is not known. */
  readonly publicUrl: string | undefined
  /** 32 bytes that encrypt the credentials of providers. Undefined: see secretKeyOf. */
  readonly secretKey: Buffer | undefined
  readonly logLevel: (typeof LOG_LEVELS)[number]
  /** How long requests are still served after the wish to stop, while /health/ready says so. */
  readonly drainMs: number
  readonly corsOrigins: readonly string[]
  /** Hosts that are served beside that of PUBLIC_URL and this machine's own, as they stand in a URL. */
  readonly allowedHosts: readonly string[]
  readonly graphiql: boolean
  readonly introspection: boolean
  /** What shows that a reader of /metrics may; undefined where everybody may, which is never so in production. */
  readonly metricsToken: string | undefined
  /** The collector that traces are sent to by OTLP over HTTP; undefined where none are made. */
  readonly traceEndpoint: string | undefined
  /** Private networks in which addresses that users name may be. */
  readonly outboundAllow: readonly Network[]
  /** Whether addresses that users name may be on this machine. */
  readonly webhookLoopback: boolean
}

/** A wrong or missing variable. The message is one line that names it. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError'
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** What AES-256 takes. */
export const SECRET_KEY_BYTES = 32
const POOL_SIZE = 10
const PRODUCTION_DRAIN_SECONDS = 5

/** The first part of every path that is served. */
const OWN_PATHS = ['/graphql', '/inbox', '/sandbox', '/exports', '/claim', '/health', '/metrics']

const NO_NETWORKS = 'must be a list of networks like 172.18.0.0/16,fd12::/64, with commas'

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
  .transform(Number)
const text = z.string()
const postgresUrl = text.superRefine((value, { addIssue }) => {
  try {
    readAddress(value)
  } catch (error) {
    addIssue({ code: 'custom', message: (error as Error).message })
  }
})

const secretKey = text
  .refine(isSecretKey, `must be ${SECRET_KEY_BYTES} random bytes in base64, as from: openssl rand -base64 32`)
  .transform((key) => Buffer.from(key, 'base64'))

const variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').optional(),
  HOST: text.optional(),
  PORT: port.refine((value) => value <= 65_535, 'must be a number from 0 to 65535').optional(),
  DATA_DIR: text.optional(),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_LISTEN_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: z
    .string()
    .regex(/^([2-9]|[1-9]\d{1,2})$/, 'must be a number from 2 to 999')
    .transform(Number)
    .optional(),
  PGPASSWORD: text.optional(),
  PUBLIC_URL: text
    .refine(isBaseUrl, 'must be an http:// or https:// address without query or fragment')
    .refine(hasFreePath, `must not have a path that begins as one of ours: ${OWN_PATHS.join(', ')}`)
    .optional(),
  SECRET_KEY: secretKey.optional(),
  DRAIN_SECONDS: z
    .string()
    .regex(/^([0-9]|[1-9][0-9]|[1-2][0-9]{2}|300)$/, 'must be a number from 0 to 300')
    .transform(Number)
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional(),
  CORS_ORIGINS: text
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .refine((origins) => origins.every(isOrigin), 'must be a list of origins like https://shop.example, with commas')
    .optional(),
  ALLOWED_HOSTS: text
    .transform((list) => list.split(',').map((host) => host.trim()))
    .refine((hosts) => hosts.every(isHost), 'must be a list of hosts like pay.example, without ports, with commas')
    .transform((hosts) => hosts.map(hostnameOf))
    .default([]),
  GRAPHIQL: z.enum(['on', 'off'], 'must be on or off').optional(),
  INTROSPECTION: z.enum(['on', 'off'], 'must be on or off').optional(),
  METRICS_TOKEN: text.min(16, 'must have at least 16 characters').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: text
    .refine(isBaseUrl, 'must be an http:// or https:// address without query or fragment')
    .optional(),
  OUTBOUND_ALLOW: text
    .transform((list, context) => {
      const networks = networksFrom(list)
      if (!networks) context.addIssue(NO_NETWORKS)
      return networks ?? z.NEVER
    })
    .default([]),
  WEBHOOK_LOOPBACK: z.enum(['on', 'off'], 'must be on or off').optional(),
})

/** Lists, where empty means none, and what the field's own standards take as not set when it is empty. */
const MAY_BE_EMPTY = ['CORS_ORIGINS', 'ALLOWED_HOSTS', 'OUTBOUND_ALLOW', 'PGPASSWORD', 'OTEL_EXPORTER_OTLP_ENDPOINT']

type Variables = z.output<typeof variables>

/** The configuration that these variables say. Raises a ConfigError. */
export function readConfig(environment: NodeJS.ProcessEnv, workingFolder: string): Config {
  assertNotEmpty(environment)
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const result = variables.safeParse(given)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new ConfigError(problems.join('; '))
  }
  return Object.freeze(withDefaults(result.data, workingFolder))
}

/** An empty variable is nearly always one whose value was lost, and its default may be another database or key. */
function assertNotEmpty(environment: NodeJS.ProcessEnv): void {
  const ours = Object.keys(variables.shape).filter((name) => !MAY_BE_EMPTY.includes(name))
  const empty = ours.filter((name) => environment[name]?.trim() === '')
  if (empty.length > 0) throw new ConfigError(empty.map((name) => `${name} is empty: set it, or remove it`).join('; '))
}

/** The configuration of this process. */
export function loadConfig(): Config {
  return readConfig(process.env, process.cwd())
}

function withDefaults(given: Variables, workingFolder: string): Config {
  const environment = given.NODE_ENV ?? 'development'
  const production = environment === 'production'
  if (production) assertSafe(given)
  const port = given.PORT ?? 4000
  const shown = production ? 'off' : 'on'
  return {
    environment,
    host: given.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port,
    dataDir: resolve(workingFolder, given.DATA_DIR ?? 'data'),
    databasePoolSize: given.DATABASE_POOL_SIZE ?? POOL_SIZE,
    databaseUrl: databaseUrlOf(given.DATABASE_URL, given.PGPASSWORD),
    databaseListenUrl: databaseUrlOf(given.DATABASE_LISTEN_URL, given.PGPASSWORD),
    publicUrl: given.PUBLIC_URL?.replace(/\/+$/, '') ?? (port === 0 ? undefined : localUrl(port)),
    secretKey: given.SECRET_KEY,
    logLevel: given.LOG_LEVEL ?? 'info',
    drainMs: drainMsOf(given, production),
    corsOrigins: Object.freeze(given.CORS_ORIGINS ?? []),
    allowedHosts: Object.freeze(given.ALLOWED_HOSTS),
    graphiql: (given.GRAPHIQL ?? shown) === 'on',
    introspection: (given.INTROSPECTION ?? shown) === 'on',
    metricsToken: given.METRICS_TOKEN,
    traceEndpoint: given.OTEL_EXPORTER_OTLP_ENDPOINT,
    outboundAllow: Object.freeze(given.OUTBOUND_ALLOW),
    webhookLoopback: (given.WEBHOOK_LOOPBACK ?? shown) === 'on',
  }
}

/** Where we are reached when nobody says otherwise. */
export function localUrl(port: number): string {
  return `http://localhost:${port}`
}

/** Only production has a load balancer that has to see the stop; a developer's Ctrl-C ends it at once. */
function drainMsOf({ DRAIN_SECONDS: seconds }: Variables, production: boolean): number {
  return (seconds ?? (production ? PRODUCTION_DRAIN_SECONDS : 0)) * 1_000
}

/** What production must have, and what it must not. */
function assertSafe(given: Variables): void {
  const missing = (['PUBLIC_URL', 'SECRET_KEY'] as const).filter((name) => given[name] === undefined)
  if (missing.length > 0) throw new ConfigError(`${missing.join(' and ')} must be set in production`)
  if (given.WEBHOOK_LOOPBACK === 'on') throw new ConfigError('WEBHOOK_LOOPBACK must be off in production')
}

/** A password of any marks may stand in a variable of its own, the one that PostgreSQL's programs read. */
function databaseUrlOf(url: string | undefined, password: string | undefined): string | undefined {
  return url === undefined || password === undefined ? url : withPassword(url, password)
}

function isBaseUrl(value: string): boolean {
  const url = parseUrl(value)
  return url !== undefined && /^https?:$/.test(url.protocol) && !url.search && !url.hash
}

function isHost(value: string): boolean {
  return (isIP(value) !== 0 || /^([\w.-]+|\[[\da-f:.]+\])$/i.test(value)) && hostnameOf(value) !== ''
}

/** A host as the parser of URLs writes it: lower case, IPv6 in brackets. */
function hostnameOf(value: string): string {
  return parseUrl(`http://${isIP(value) === 6 ? `[${value}]` : value}`)?.hostname ?? ''
}

/** A proxy may strip the path or leave it, so that it must be told from our own paths. */
function hasFreePath(value: string): boolean {
  const [, first = ''] = parseUrl(value)?.pathname.split('/') ?? []
  return !OWN_PATHS.includes(`/${first}`)
}

function networksFrom(list: string): Network[] | undefined {
  const networks = list.split(',').map((each) => networkFrom(each.trim()))
  return networks.every((each) => each !== undefined) ? networks : undefined
}

function isOrigin(value: string): boolean {
  return parseUrl(value)?.origin === value
}

function isSecretKey(value: string): boolean {
  return /^[A-Za-z0-9+/]+=*$/.test(value) && Buffer.from(value, 'base64').length === SECRET_KEY_BYTES
}

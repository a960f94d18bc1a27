import { assertKnowsProviders } from '../app/known-providers.ts'
import { type App, createApp } from '../app.ts'
import { type Config, localUrl } from '../config.ts'
import { readAddress, shown } from '../db/address.ts'
import { tryConnections } from '../db/capacity.ts'
import { type ConnectedDatabase, connectDatabase } from '../db/connect.ts'
import { assertWritable } from '../db/health.ts'
import { migrate } from '../db/migrate.ts'
import { createGraphql } from '../graphql/yoga.ts'
import type { Readiness } from '../http/health.ts'
import { isLoopback, prefixOf } from '../http/incoming.ts'
import type { Log } from '../http/log.ts'
import { createRoutes } from '../http/routes.ts'
import { type HttpServer, openServer } from '../http/server.ts'
import { backlog } from '../jobs/backlog.ts'
import type { Schedule } from '../jobs/schedule.ts'
import { startTicker } from '../jobs/ticker.ts'
import { metrics } from '../kernel/metrics.ts'
import { bootstrap } from '../organizations/bootstrap.ts'
import { readDataKey } from '../organizations/data-key.ts'
import { developmentKey } from '../organizations/development-key.ts'
import { addressGuard } from '../outbound/guard.ts'
import { guardedFetch } from '../outbound/guarded-fetch.ts'
import { guardedSocket } from '../outbound/guarded-socket.ts'
import { PROVIDERS, type Providers } from '../providers/providers.ts'
import { secretKeyOf, unfinishedSecretKey } from '../secret-key.ts'
import { untilStarted } from './until-started.ts'

const READY_PATIENCE_MS = 2_000
const CONNECTS_EVERY_MS = 2_000
const HOUR = 3_600_000

/** A gateway that serves. */
export interface Gateway {
  readonly app: App
  readonly port: number
  readonly publicUrl: string
  /** The first secret key, where this was the first start. */
  readonly testKey?: string | undefined
  /** Finishes what runs and leaves everything in order. */
  stop(): Promise<void>
}

interface FirstKey {
  testKey?: string
}

/** What is to be ended at the stop, in the order in which it is ended. */
interface Running {
  /** Kept over all starts of this process: only the start that makes the key can tell it. */
  readonly firstKey: FirstKey
  readonly server: HttpServer
  ticker?: { stop(): Promise<void> }
  app?: { close(): Promise<void> }
  database?: { stop(): Promise<void> }
}

/** What a gateway is started with. */
interface Wanted {
  readonly config: Config
  readonly log: Log
  readonly providers: Providers
}

/** Starts the gateway that the configuration describes. Raises a StartError where that cannot be done. */
export async function openGateway(config: Config, log: Log, providers: Providers = PROVIDERS): Promise<Gateway> {
  const firstKey: FirstKey = {}
  // It listens before all else: whoever asks whether the process is alive is answered while it waits for its database.
  const server = await openServer({ ...config, log })
  try {
    return await untilStarted(
      async (patienceMs) => {
        const running: Running = { firstKey, server }
        try {
          const started = await start({ config, log, providers }, running, patienceMs)
          return { ...started, stop: () => stopAll([() => server.stop(), ...partsOf(running)], log) }
        } catch (error) {
          await stopAll(partsOf(running), log)
          throw error
        }
      },
      (what) => log.warn(what),
    )
  } catch (error) {
    await server.stop()
    throw error
  }
}

function partsOf(running: Running) {
  return [() => running.ticker?.stop(), () => running.app?.close(), () => running.database?.stop()]
}

async function stopAll(steps: readonly (() => Promise<void> | undefined)[], log: Log): Promise<void> {
  for (const step of steps) {
    // A part that cannot be ended must not keep the others from it.
    await Promise.resolve(step()).catch((error) => log.error({ err: error }, 'a part of the gateway did not stop'))
  }
}

async function start(wanted: Wanted, running: Running, patienceMs: number): Promise<Omit<Gateway, 'stop'>> {
  const { config, log } = wanted
  const { port } = running.server
  const publicUrl = config.publicUrl ?? localUrl(port)
  const secretKeys = { current: secretKeyOf(config), unfinished: unfinishedSecretKey(config) }
  const database = await connectDatabase({ ...config, exclusive: true, patienceMs, onWait: (what) => log.warn(what) })
  running.database = database
  const migrations = await migrate(database.sessionUrl)
  if (migrations.length > 0) log.info({ migrations }, 'migrated')
  const secretKey = await readDataKey(database.sessionUrl, secretKeys.current, secretKeys.unfinished)
  const app = await openApp(wanted, { database, publicUrl, port, secretKey })
  running.app = app
  await assertKnowsProviders(app.db, wanted.providers)
  const shortage = config.databaseUrl && (await tryConnections(database.url, app.db.connections))
  if (shortage) log.warn(shortage)
  Object.assign(running.firstKey, await bootstrap(app.db, app.clock))
  await app.connectSandboxes()

  const keyForGraphiql = isOneDevelopersOwn(config) ? () => developmentKey(app.db, app.clock, secretKey) : undefined
  const schedules = schedulesOf(app, keyForGraphiql)
  const ticker = startTicker(schedules, log)
  running.ticker = ticker
  const graphql = createGraphql(app, { ...config, publicUrl, developmentKey: await keyForGraphiql?.() })
  const { isStopping, attach } = running.server
  const readiness = { isStopping, lateSchedules: ticker.late }
  attach(routesOf(app, wanted, { publicUrl, graphql, readiness, readMetrics: metricsOf(app, schedules) }))
  log.info({ host: config.host, port, publicUrl, database: databaseOf(config) }, 'ready')
  return { app, port, publicUrl, ...running.firstKey }
}

interface Place {
  readonly database: ConnectedDatabase
  readonly publicUrl: string
  readonly port: number
  readonly secretKey: Uint8Array
}

function openApp({ config, log, providers }: Wanted, { port, ...place }: Place): Promise<App> {
  const reach = { allowLoopback: config.webhookLoopback, networks: config.outboundAllow }
  return createApp({
    ...place,
    providers,
    poolSize: config.databasePoolSize,
    localUrl: `http://${reachable(config.host)}:${port}`,
    outbound: guardedFetch(reach),
    addresses: addressGuard(reach),
    openSocket: guardedSocket(reach),
    log,
  })
}

function schedulesOf(app: App, keyForGraphiql: (() => Promise<unknown>) | undefined): Schedule[] {
  const schedules = [...app.schedules]
  // Organizations are made beside the running gateway, on the command line.
  schedules.push({ name: 'sandbox connections', everyMs: CONNECTS_EVERY_MS, run: app.connectSandboxes })
  if (keyForGraphiql) schedules.push({ name: 'development key', everyMs: HOUR, run: keyForGraphiql })
  return schedules
}

/** The text of /metrics, with the due work as it is at that moment. */
function metricsOf(app: App, schedules: readonly Schedule[]): () => Promise<string> {
  const dueWork = backlog(app.db, app.clock, schedules)
  return async () => {
    await dueWork.measure()
    return metrics.metrics()
  }
}

interface Served {
  readonly publicUrl: string
  readonly graphql: ReturnType<typeof createGraphql>
  readonly readiness: Pick<Readiness, 'isStopping' | 'lateSchedules'>
  readonly readMetrics: () => Promise<string>
}

function routesOf(app: App, { config, log }: Wanted, { publicUrl, graphql, readiness, readMetrics }: Served) {
  return createRoutes({
    ...app,
    graphql,
    sandboxes: app.sandbox.simulators,
    readiness: {
      ...readiness,
      askDatabase: () => assertWritable(app.db, READY_PATIENCE_MS),
      patienceMs: READY_PATIENCE_MS,
      log,
    },
    metrics: mayReadMetrics(config) ? { read: readMetrics, token: config.metricsToken } : undefined,
    prefix: prefixOf(publicUrl),
    graphiql: config.graphiql,
    log,
  })
}

/** Which database the gateway uses, in words without user and password. */
export function databaseOf({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  return databaseUrl === undefined ? `private PostgreSQL in ${dataDir}` : shown(readAddress(databaseUrl))
}

/** In production only a token opens the metrics. */
function mayReadMetrics({ environment, metricsToken }: Config): boolean {
  return environment !== 'production' || metricsToken !== undefined
}

/** Only where nobody else can open the page may it carry a key: neither the socket nor the address lead outside. */
function isOneDevelopersOwn({ environment, graphiql, host, publicUrl }: Config): boolean {
  const address = publicUrl === undefined ? host : new URL(publicUrl).hostname
  return environment === 'development' && graphiql && isLoopback(host) && isLoopback(address)
}

/** An address that stands for all addresses is reached by the nearest one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from '../../src/app.ts'
import { type Gateway, openGateway } from '../../src/commands/gateway.ts'
import type { Config } from '../../src/config.ts'
import { createLog } from '../../src/http/log.ts'
import type { Providers } from '../../src/providers/providers.ts'
import { type Api, apiOf } from './api.ts'
import { SECRET_KEY } from './app.ts'
import { freshDatabase } from './database.ts'

/** A gateway that listens, as `tollgate serve` starts it, with its log kept to be read. */
export interface OpenGateway {
  readonly url: string
  readonly app: App
  readonly databaseUrl: string
  /** The owner's test key: the gateway's first. */
  readonly key: string
  /** The API with that key. */
  readonly api: Api
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  stop(): Promise<void>
}

/** Settings, and the list of providers where it is not that of the product. */
export type GatewayOptions = Partial<Config> & { readonly providers?: Providers }

/** A gateway on a database of its own, which goes with it. */
export async function startGateway(options: GatewayOptions = {}): Promise<OpenGateway> {
  const database = await freshDatabase()
  const { gateway, lines, ...rest } = await startNode(database.url, options)
  const key = gateway.testKey ?? ''
  return {
    ...rest,
    app: gateway.app,
    lines,
    key,
    databaseUrl: database.url,
    api: apiOf(rest.url, key),
    async stop() {
      await rest.stop()
      await database.drop()
    },
  }
}

export type StartedNode = Awaited<ReturnType<typeof startNode>>

/** One node on a database that may have others. */
export async function startNode(databaseUrl: string, { providers, ...settings }: GatewayOptions = {}) {
  const lines: Record<string, unknown>[] = []
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-journey-'))
  const config: Config = {
    environment: 'test',
    host: '127.0.0.1',
    port: 0,
    dataDir,
    databaseUrl,
    databaseListenUrl: undefined,
    databasePoolSize: 10,
    publicUrl: undefined,
    secretKey: Buffer.from(SECRET_KEY),
    logLevel: 'info',
    drainMs: 0,
    corsOrigins: [],
    allowedHosts: [],
    outboundAllow: [],
    graphiql: true,
    introspection: true,
    metricsToken: undefined,
    traceEndpoint: undefined,
    webhookLoopback: true,
    ...settings,
  }
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const log = createLog({ level: config.logLevel, pretty: false, destination })
  const gateway: Gateway = await openGateway(config, log, providers)
  return {
    gateway,
    lines,
    url: `http://localhost:${gateway.port}`,
    async stop(): Promise<void> {
      await gateway.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

import { collectDefaultMetrics } from 'prom-client'
import type { Config } from '../config.ts'
import { metrics } from '../kernel/metrics.ts'
import type { Command } from './command.ts'
import { whenAskedToStop } from './signals.ts'
import { welcomeText } from './welcome.ts'

export const serve: Command = {
  name: 'serve',
  usage: `Usage: npm start

Starts the gateway and runs it until SIGINT or SIGTERM. Without DATABASE_URL it starts a private PostgreSQL in DATA_DIR.
The first start creates a demo organization and prints a secret key for its test mode, once.

Settings, from the environment:
  PORT            4000, or 0 for a free one
  HOST            127.0.0.1; in production 0.0.0.0
  DATA_DIR        ./data
  DATABASE_URL    a PostgreSQL server of your own
  DATABASE_LISTEN_URL  the same database without a pooler, when DATABASE_URL leads to a pooler in transaction mode
  DATABASE_POOL_SIZE  10: connections to PostgreSQL for requests; half as many more are for long reads, and one listens
  PUBLIC_URL      where browsers and providers reach the gateway; http://localhost:PORT
  SECRET_KEY      32 random bytes in base64; by default a key is created and stored in DATA_DIR
  CORS_ORIGINS    origins whose pages may call the API, separated by commas
  GRAPHIQL        on or off; in production off
  INTROSPECTION   on or off; in production off
  WEBHOOK_LOOPBACK on or off: whether webhooks may go to this machine; always off in production
  DRAIN_SECONDS   0; in production 5: how long requests are still served after SIGTERM, while /health/ready answers 503
  LOG_LEVEL       info
  METRICS_TOKEN   the bearer token of /metrics; without one, production does not serve /metrics
  OTEL_EXPORTER_OTLP_ENDPOINT  the URL of a trace collector (OTLP over HTTP)
  NODE_ENV        development or production
`,
  options: {},
  run: serveUntilStopped,
}

async function serveUntilStopped(config: Config): Promise<void> {
  const askedToStop = whenAskedToStop()
  const { createLog } = await import('../http/log.ts')
  const { databaseOf, openGateway } = await import('./gateway.ts')
  const pretty = config.environment === 'development' && process.stdout.isTTY
  const log = createLog({ level: config.logLevel, pretty })
  // What goes wrong where nobody waits for it leaves the process in a state that nobody knows.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an unexpected error ended the process')
    process.exit(1)
  })
  const tracing = config.traceEndpoint ? (await import('../tracing.ts')).startTracing(config.traceEndpoint) : undefined
  collectDefaultMetrics({ register: metrics })
  const gateway = await openGateway(config, log)
  const { publicUrl, testKey } = gateway
  process.stdout.write(welcomeText({ ...config, publicUrl, testKey, database: databaseOf(config) }))
  log.info({ signal: await askedToStop }, 'stopping')
  await gateway.stop()
  await tracing?.stop().catch((error) => log.warn({ err: error }, 'the last traces could not be sent'))
}

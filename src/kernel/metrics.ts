import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/**
 * What a process counts of itself, in Prometheus' terms. Labels have few values each: never an id, an address or
 * anything that a caller makes up.
 */
export const metrics = new Registry()

const registers = [metrics]
/** Seconds, from a read that the cache answers to the longest time that anything is waited for. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]

export const httpRequests = new Histogram({
  name: 'tollgate_http_request_duration_seconds',
  help: 'HTTP requests by route, method and status, and how long their answers took.',
  labelNames: ['route', 'method', 'status'],
  buckets,
  registers,
})

export const operations = new Histogram({
  name: 'tollgate_graphql_operation_duration_seconds',
  help: 'GraphQL queries and mutations, and how long they ran.',
  labelNames: ['type', 'outcome'],
  buckets,
  registers,
})

export const providerCalls = new Histogram({
  name: 'tollgate_provider_call_duration_seconds',
  help: 'Calls to payment providers by outcome: ok, refused, unavailable or lost.',
  labelNames: ['provider', 'outcome'],
  buckets,
  registers,
})

export const postings = new Counter({
  name: 'tollgate_ledger_postings_total',
  help: 'Postings that the ledger took or refused.',
  labelNames: ['outcome'],
  registers,
})

export const deliveryAttempts = new Histogram({
  name: 'tollgate_webhook_attempt_duration_seconds',
  help: 'Attempts to deliver webhooks by outcome: delivered or failed.',
  labelNames: ['outcome'],
  buckets,
  registers,
})

export const openSockets = new Gauge({
  name: 'tollgate_websockets',
  help: 'WebSockets of the GraphQL API that are open.',
  registers,
})

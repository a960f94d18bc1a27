import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Tracing, traceTo } from '../../src/tracing.ts'
import { eventually } from '../support/app.ts'
import { startGateway } from '../support/gateway.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { ITEM } from '../support/storefront.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`
const exporter = new InMemorySpanExporter()

let tracing: Tracing
let gateway: Awaited<ReturnType<typeof startGateway>>
let receiver: Receiver

beforeAll(async () => {
  tracing = traceTo(new SimpleSpanProcessor(exporter))
  receiver = await openReceiver()
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
  await receiver?.close()
  await tracing?.stop()
})

const ENDPOINT = `mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) { webhookEndpoint { id } userErrors { code message field } }
}`

const OPEN = `mutation OpenCheckout($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id } userErrors { message } }
}`

test('one trace leads from the caller through the operation, its SQL and the provider call to the webhook', async () => {
  await gateway.api.change(ENDPOINT, { url: receiver.url, kind: 'EVENT', types: ['checkout.opened'] })
  exporter.reset()
  await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}`, traceparent: TRACEPARENT },
    body: JSON.stringify({
      query: OPEN,
      variables: { input: { kind: 'PAYMENT', idempotencyKey: 'traced', item: ITEM } },
    }),
  })
  const spans = await eventually(async () => {
    const found = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === TRACE)
    return found.some(({ name }) => name === 'webhook') && found
  })
  const names = spans.map(({ name }) => name)
  expect(names).toContain('mutation OpenCheckout')
  expect(names).toContain('QBITFLOW POST')
  expect(spans.some(({ attributes }) => String(attributes['db.query.text']).includes('append_events'))).toBe(true)
  expect(receiver.heard[0]?.headers.traceparent).toContain(TRACE)
})

test('a request without a trace of its own begins one', async () => {
  exporter.reset()
  await gateway.api.ask('query Who { viewer { mode } }')
  const operation = await eventually(async () => exporter.getFinishedSpans().find(({ name }) => name === 'query Who'))
  expect(operation.parentSpanContext).toBeUndefined()
  expect(operation.spanContext().traceId).not.toBe(TRACE)
})

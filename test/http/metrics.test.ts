import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { startGateway } from '../support/gateway.ts'
import { createCheckout, readCheckout, simulate } from '../support/storefront.ts'
import { openDoor } from './house.ts'

const TOKEN = 'a-token-for-prometheus'

let gateway: Awaited<ReturnType<typeof startGateway>>

beforeAll(async () => {
  gateway = await startGateway({ metricsToken: TOKEN })
})
afterAll(() => gateway?.stop())

function scrape(headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}/metrics`, { headers })
}

test('the metrics need their token and say nothing without it', async () => {
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: TOKEN }]) {
    const refused = await scrape(headers as Record<string, string>)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    expect(await refused.text()).not.toContain('tollgate_')
  }
})

test('where nobody may read the metrics there is nothing at their address', async () => {
  const door = await openDoor()
  expect((await fetch(`${door.url}/metrics`)).status).toBe(404)
  await door.server.stop()
})

test('requests, operations, provider calls, sockets and due work are counted, and nothing that a caller makes up', async () => {
  const { checkout } = await createCheckout(gateway.api)
  await simulate(gateway.api, checkout.id, 'PAY')
  await eventually(async () => (await readCheckout(gateway.api, checkout.id)).status === 'COMPLETED', 10_000)
  await fetch(`${gateway.url}/wp-login.php?user=admin`)
  const answer = await scrape({ authorization: `Bearer ${TOKEN}` })
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/plain')
  expect(text).toMatch(
    /tollgate_http_request_duration_seconds_count\{route="\/graphql",method="POST",status="200"\} [1-9]/,
  )
  expect(text).toMatch(/tollgate_graphql_operation_duration_seconds_count\{type="mutation",outcome="ok"\} [1-9]/)
  expect(text).toMatch(/tollgate_provider_call_duration_seconds_count\{provider="QBITFLOW",outcome="ok"\} [1-9]/)
  expect(text).toMatch(/tollgate_ledger_postings_total\{outcome="posted"\} [1-9]/)
  expect(text).toMatch(/tollgate_websockets \d+/)
  for (const kind of ['inbox', 'checkouts', 'holds', 'webhooks', 'sandbox']) {
    expect(text).toMatch(new RegExp(`tollgate_due_work_rows\\{kind="${kind}"\\} \\d+`))
  }
  expect(text).not.toContain('wp-login')
})

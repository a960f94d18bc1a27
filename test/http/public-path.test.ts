import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, apiOf, watchStatus } from '../support/api.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openPathProxy } from '../support/path-proxy.ts'
import { CUSTOMER, createCheckout, simulate } from '../support/storefront.ts'

describe.each([
  ['strips the path', true],
  ['leaves the path', false],
])('a gateway below a path, behind a proxy that %s', (_name, strips) => {
  let proxy: Awaited<ReturnType<typeof openPathProxy>>
  let gateway: OpenGateway
  let api: Api

  beforeAll(async () => {
    proxy = await openPathProxy('/pay', strips)
    gateway = await startGateway({ publicUrl: proxy.url })
    proxy.leadTo(gateway.url)
    api = apiOf(proxy.url, gateway.key)
  })
  afterAll(async () => {
    await gateway.stop()
    await proxy.close()
  })

  test('leads from its root to GraphiQL, with and without a slash', async () => {
    for (const root of [proxy.url, `${proxy.url}/`]) {
      const page = await fetch(root, { headers: { accept: 'text/html' } })
      expect([page.status, page.url]).toEqual([200, `${proxy.url}/graphql`])
      expect(await page.text()).toContain('GraphiQL')
    }
  })

  test('answers health checks with the path and without', async () => {
    expect((await fetch(`${proxy.url}/health/ready`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/payments`)).status).toBe(404)
  })

  test("has a checkout's page, its assets, forms and redirects below the path, up to the payment", async () => {
    const { checkout } = await createCheckout(api)
    expect(checkout.url).toMatch(new RegExp(`^${proxy.url}/sandbox/qbitflow/checkout/`))
    const page = await fetch(checkout.url)
    const html = await page.text()
    expect(page.status).toBe(200)
    const links = [...html.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, path = '']) => path)
    expect(links.length).toBeGreaterThan(2)
    for (const path of links) expect(path).toMatch(/^\/pay\/sandbox\/qbitflow\//)
    for (const path of links.filter((each) => each.includes('/assets/'))) {
      expect((await fetch(new URL(path, proxy.url))).status).toBe(200)
    }
    const currency = /name="currencyId"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="currencyId"/.exec(html)
    const body = new URLSearchParams({ ...CUSTOMER, currencyId: currency?.[1] ?? currency?.[2] ?? '1' })
    const next = await fetch(checkout.url, { method: 'POST', body })
    expect([next.status, next.url]).toEqual([200, `${checkout.url}/pay`])
  })

  test('is watched over WebSocket, at GraphQL and at the simulator', async () => {
    const { checkout } = await createCheckout(api)
    const watch = watchStatus(proxy.url, checkout.clientSecret, checkout.id)
    await simulate(api, checkout.id, 'PAY')
    expect(await watch.ended).toBe('complete')
    expect(watch.seen.at(-1)?.state).toBe('COMPLETED')
    const uuid = checkout.url.split('/').at(-1)
    const base = `${proxy.url.replace('http', 'ws')}/sandbox/qbitflow/v1/transaction/status/ws`
    const socket = new WebSocket(`${base}?txUUID=${uuid}&txType=payment`)
    const frame = await new Promise((resolve, reject) => {
      socket.on('message', (data) => resolve(JSON.parse(String(data))))
      socket.on('error', reject)
    })
    expect(frame).toMatchObject({ status: { status: 'completed' } })
  })

  test('invites sellers to a page below the path', async () => {
    const made = await api.change<{ user: { id: string } }>(
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code message field } } }',
      { name: 'Grace', lastName: 'Hopper', email: `grace-${strips}@example.com`, role: 'USER', idempotencyKey: 'u' },
    )
    const { claimRequest } = await api.change<{ claimRequest: { link: string } }>(
      `mutation ($input: CreateClaimRequestInput!) {
        createClaimRequest(input: $input) { claimRequest { link } userErrors { code message field } }
      }`,
      { userId: made.user.id, idempotencyKey: 'c' },
    )
    expect(claimRequest.link.startsWith(`${proxy.url}/claim/`)).toBe(true)
    expect((await fetch(claimRequest.link)).status).toBe(200)
  })
})

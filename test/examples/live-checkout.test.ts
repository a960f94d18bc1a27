import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout, simulate } from '../support/storefront.ts'

warnWithoutBrowser('the example of a live checkout')

const FOLDER = new URL('../../examples/live-checkout/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** Any static server would do. */
async function openStatic() {
  const server = createServer(async (request, response) => {
    const file = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1)
    response.setHeader('content-type', TYPES[extname(file)] ?? 'text/plain')
    response.end(await readFile(new URL(file, FOLDER)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe.skipIf(!hasBrowser)('the example of a live checkout', { timeout: BROWSER_TEST_MS }, () => {
  let files: Awaited<ReturnType<typeof openStatic>>
  let gateway: OpenGateway
  let browser: Browser

  beforeAll(async () => {
    files = await openStatic()
    ;[gateway, browser] = await Promise.all([startGateway({ corsOrigins: [files.url] }), openBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
    await files?.close()
  })

  async function watch(clientSecret: string) {
    const { page, complaints } = await openTab(browser, [files.url, gateway.url, gateway.url.replace('http', 'ws')])
    await page.goto(files.url)
    await page.getByLabel('Gateway').fill(`${gateway.url}/graphql`)
    await page.getByLabel('Client secret').fill(clientSecret)
    await page.getByRole('button', { name: 'Watch' }).click()
    return { page, complaints }
  }

  test('shows every step once, over a connection that was cut', async () => {
    const { checkout } = await createCheckout(gateway.api)
    const { page, complaints } = await watch(checkout.clientSecret)
    await page.getByText('Live.').waitFor()
    await page.getByRole('heading', { name: 'A mug, 19.99 USD' }).waitFor()
    await simulate(gateway.api, checkout.id, 'PAY')
    await page.getByText('CREATED').waitFor()
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await page.getByText('The connection is lost').waitFor()
    await page.getByText('Nothing more will happen.').waitFor()

    const steps = await page.getByRole('listitem').allInnerTexts()
    expect(steps.map((step) => /^[A-Z_]+/.exec(step)?.[0])).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
    expect(complaints).toEqual([])
  })

  test('says so when the secret is worth nothing', async () => {
    const { page } = await watch('chk_01h2xcejqtf2nbrexx3vqjhp41_secret_wrong')

    await page.getByText('The gateway refused').waitFor()
  })
})

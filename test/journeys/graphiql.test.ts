import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectAllSettled } from '../support/books.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

warnWithoutBrowser('the journey through GraphiQL')

const TABS = [
  'WhoAmI',
  'CreateProduct',
  'CreateCustomer',
  'CreateCheckout',
  'SimulatePayment',
  'WatchPayment',
  'Payment',
  'Subscribe',
  'SignUp',
  'TurnTheClock',
  'Subscriptions',
  'LedgerProof',
]

describe.skipIf(!hasBrowser)('GraphiQL with the network cut', { timeout: BROWSER_TEST_MS }, () => {
  let gateway: OpenGateway
  let browser: Browser

  beforeAll(async () => {
    ;[gateway, browser] = await Promise.all([startGateway({ environment: 'development' }), openBrowser()])
  })

  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  test('leads from the first question to a watched payment and its books, tab by tab', async () => {
    const { page, complaints } = await openTab(browser, [gateway.url])
    const answers = listen(page)
    await page.goto(`${gateway.url}/graphql`)
    await page.locator('.graphiql-execute-button').waitFor()
    expect(await page.locator('.graphiql-tab').allInnerTexts()).toEqual(TABS)
    for (const name of TABS) {
      const shown = await runTab(page, name)
      expect(shown, `the answer in the tab ${name}`).toMatch(/^\{\s+"data"/)
    }
    expect(answers.filter((answer) => /"errors":|"userErrors":\[\{/.test(answer))).toEqual([])
    expect(answers.filter((answer) => answer.includes('"transactionStatus"')).at(-1)).toContain('"state":"COMPLETED"')
    const bills = answers.filter((answer) => answer.includes('"billings"')).at(-1) ?? ''
    expect(bills.match(/"status":"COMPLETED"/g)).toHaveLength(4)
    expect(answers.at(-1)).toContain('"balanced":true')
    expect(complaints).toEqual([])
    await expectAllSettled(gateway)
  })
})

/** Whatever the page was answered, as text, over HTTP and WebSocket. */
function listen(page: Page): readonly string[] {
  const answers: string[] = []
  page.on('response', async (response) => {
    if (response.request().method() === 'POST') answers.push(await response.text())
  })
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => answers.push(String(payload))))
  return answers
}

/** Runs a tab by its button and gives what it shows; a watched payment is waited for. */
async function runTab(page: Page, name: string): Promise<string> {
  const result = page.locator('.result-window')
  await page.getByRole('tab', { name }).getByRole('button', { name, exact: true }).click()
  await page.locator('.graphiql-tab-active', { hasText: new RegExp(`^${name}`) }).waitFor()
  for (;;) {
    await page.waitForTimeout(HASTE_MS)
    await page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' }).click()
    await result.filter({ hasText: name === 'WatchPayment' ? /COMPLETED|errors/ : /data|errors/ }).waitFor()
    const shown = (await result.textContent())?.replaceAll('\u00a0', ' ') ?? ''
    if (!shown.includes('Cannot infer operation')) return shown
  }
}

/** GraphiQL takes a moment to notice what is in a tab, and refuses whoever is faster than people are. */
const HASTE_MS = 300

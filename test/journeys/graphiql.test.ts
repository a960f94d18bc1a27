import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectAllSettled } from '../support/books.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, shoot, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

warnWithoutBrowser('the journey through GraphiQL')

const TABS = [
  'WhoAmI',
  'Product',
  'Customer',
  'Checkout',
  'Pay',
  'Watch',
  'Payment',
  'Subscribe',
  'SignUp',
  'Clock',
  'Bills',
  'Proof',
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

  test('says which tab comes first where one is run too early, over HTTP and over WebSocket', async () => {
    const { page, complaints } = await openTab(browser, [gateway.url])
    await page.goto(`${gateway.url}/graphql`)
    await page.locator('.graphiql-execute-button').waitFor()
    for (const [name, first] of [
      ['Checkout', '2 Product'],
      ['Watch', '4 Checkout'],
      ['SignUp', '8 Subscribe'],
    ] as const) {
      expect((await runTab(page, name)).replace(/\s+/g, ' ')).toContain(`Run the tab \\"${first}\\" first`)
    }
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test.each([375, 1280])('has numbered tabs and room for question and answer at %i pixels', async (width) => {
    const { page } = await openTab(browser, [gateway.url])
    await page.setViewportSize({ width, height: 740 })
    await page.goto(`${gateway.url}/graphql`)
    await page.locator('.graphiql-execute-button').waitFor()
    const tabs = page.locator('.graphiql-tab-button')
    const numbers = await tabs.evaluateAll((all) => all.map((tab) => getComputedStyle(tab, '::before').content))
    expect(numbers.map((text) => Number.parseInt(text.slice(1), 10))).toEqual(TABS.map((_name, index) => index + 1))
    const boxOf = async (selector: string) => (await page.locator(selector).boundingBox()) ?? { x: 0, width: 0 }
    for (const part of ['.graphiql-editors', '.graphiql-response']) {
      const { x, width: wide } = await boxOf(part)
      expect([part, wide > Math.min(width * 0.4, 340), x + wide <= width]).toEqual([part, true, true])
    }
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    // The last tab is seen, or can be scrolled to.
    await tabs.last().scrollIntoViewIfNeeded()
    const last = await boxOf('.graphiql-tab:last-child')
    expect(last.x + last.width).toBeLessThanOrEqual(width)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`)
    expect(violations.map(({ id }) => id).filter((id) => !OF_GRAPHIQL.includes(id))).toEqual([])
    await shoot(page, `graphiql-${width}`)
    await page.context().close()
  })
})

/** A button that closes a tab stands within it, in GraphiQL's own elements. */
const OF_GRAPHIQL = ['nested-interactive']

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
  await page.locator('.graphiql-tab-button', { hasText: new RegExp(`^${name}$`) }).click()
  await page.locator('.graphiql-tab-active', { hasText: new RegExp(`^${name}`) }).waitFor()
  for (;;) {
    await page.waitForTimeout(HASTE_MS)
    await page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' }).click()
    await result.filter({ hasText: name === 'Watch' ? /COMPLETED|errors/ : /data|errors/ }).waitFor()
    const shown = (await result.textContent())?.replaceAll('\u00a0', ' ') ?? ''
    if (!shown.includes('Cannot infer operation')) return shown
  }
}

/** GraphiQL takes a moment to notice what is in a tab, and refuses whoever is faster than people are. */
const HASTE_MS = 300

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, openBrowser, shoot, warnWithoutBrowser } from '../../support/browser.ts'
import { type Playground, startPlayground } from './support.ts'

const SHOP = 'https://shop.example/thanks?id={{UUID}}&type={{TRANSACTION_TYPE}}'

warnWithoutBrowser('the pay page in a browser')

describe.skipIf(!hasBrowser)('the pay page in a browser', () => {
  let world: Playground
  let browser: Browser

  beforeAll(async () => {
    world = await startPlayground({ broadcastDelayMs: 150, confirmationDelayMs: 150 })
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  /** A page that plays the shop itself and reports whatever the browser complains about. */
  async function openPage(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.route('https://shop.example/**', (route) => route.fulfill({ body: 'Back in the shop' }))
    return { page, complaints }
  }

  test('leads from the link to the shop, step by step, without a reload', async () => {
    const { page, complaints } = await openPage()
    const uuid = await world.session({ successUrl: SHOP })
    await page.clock.install()
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.getByLabel('First name').fill('Ada')
    await page.getByLabel('Last name').fill('Lovelace')
    await page.getByLabel('E-mail address').fill('browser@example.com')
    await page.getByRole('group', { name: 'On Solana' }).getByLabel('USDC').check()
    await page.getByRole('button', { name: 'Continue to payment' }).click()
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    await page.getByRole('button', { name: /^Pay [\d.]+ USDC$/ }).click()
    await page.waitForURL('**/status')
    await page.evaluate('window.stillHere = true')
    await page.locator('[data-step=completed].done').waitFor()
    expect(await page.evaluate('window.stillHere')).toBe(true)
    expect(await page.locator('h1').textContent()).toBe('Payment received')
    expect(await page.locator('[data-announce]').textContent()).toContain('Payment received')
    await page.getByText('You return to Alma Coffee in').waitFor()
    await page.clock.runFor(5_000)
    expect(page.url()).toMatch(/\/status$/)
    await page.clock.runFor(3_000)
    await page.waitForURL(`https://shop.example/thanks?id=pay%40${uuid}&type=payment`)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  async function playAndFollow(page: Page, outcome: string, fields: object): Promise<void> {
    const uuid = await world.session(fields)
    await page.clock.install()
    await world.play(uuid, { outcome, customer: { name: 'P', lastName: 'O', email: `${outcome}@example.com` } })
    await page.goto(`${world.publicUrl}/checkout/${uuid}/status`)
    await page.locator('[data-next]').waitFor()
  }

  test('does not lead away a customer who wants to stay, and leaves the way back open', async () => {
    const { page } = await openPage()
    await playAndFollow(page, 'PAY', { successUrl: SHOP })
    await page.getByRole('button', { name: 'Stay on this page' }).click()
    await page.clock.runFor(60_000)
    expect(await page.locator('h1').textContent()).toBe('Payment received')
    await page.getByRole('link', { name: 'Return to Alma Coffee' }).click()
    await page.waitForURL('https://shop.example/**')
    await page.context().close()
  })

  test('says what came in and what is missing when too little was sent, and stays', async () => {
    const { page } = await openPage({ viewport: { width: 320, height: 640 } })
    await playAndFollow(page, 'UNDERPAY', { successUrl: SHOP, cancelUrl: 'https://shop.example/cancelled' })
    await page.clock.runFor(60_000)
    expect(await page.locator('h1').textContent()).toBe('You paid too little')
    const said = await page.locator('[data-explanation]').textContent()
    expect(said).toMatch(/You sent [\d.]+ \w+ \(\$17\.99\)\. [\d.]+ \w+ \(\$2\.00\) is missing/)
    expect(await page.locator('[data-announce]').textContent()).toContain('is missing')
    expect(await page.getByRole('button', { name: 'Stay on this page' }).count()).toBe(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await shoot(page, 'underpaid')
    await page.getByRole('link', { name: 'Return to Alma Coffee' }).click()
    await page.waitForURL('https://shop.example/cancelled')
    await page.goBack()
    await page.getByRole('link', { name: 'Pay the rest' }).click()
    await page.getByRole('heading', { name: 'Send the rest' }).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await shoot(page, 'rest')
    await page.locator('button[value=PAY]').click()
    await page.getByRole('heading', { name: 'Payment received' }).waitFor()
    await page.context().close()
  })

  test('stays where there is no shop to return to', async () => {
    const { page } = await openPage()
    await playAndFollow(page, 'FAIL', {})
    await page.clock.runFor(60_000)
    expect(await page.locator('h1').textContent()).toBe('Payment failed')
    await page.getByRole('link', { name: 'Try again' }).click()
    await page.getByText('Payment failed.').waitFor()
    expect(await page.locator('h1').textContent()).toBe('Choose how to pay')
    await shoot(page, 'failed')
    await page.context().close()
  })

  test('goes with the keyboard alone, on the width of a phone', async () => {
    const { page } = await openPage({ viewport: { width: 360, height: 640 } })
    const uuid = await world.session()
    const fits = async () => expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await fits()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip')
    for (const text of ['Ada', 'Lovelace', 'keyboard@example.com']) {
      await page.keyboard.press('Tab')
      await page.keyboard.type(text)
    }
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/pay')
    await fits()
    const walletLink = page.getByRole('link', { name: 'Open in wallet' })
    expect(await walletLink.getAttribute('href')).toMatch(/^(ethereum|solana):[^\s]+$/)
    expect((await walletLink.boundingBox())?.height).toBeGreaterThanOrEqual(36)
    await shoot(page, 'pay')
    await page.getByRole('button', { name: /^Pay [\d.]+ USDC$/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'See the details' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/receipt')
    await fits()
    expect(await page.locator('h1').textContent()).toBe('Payment received')
    await page.context().close()
  })

  test('goes without a script as well', async () => {
    const { page } = await openPage({ javaScriptEnabled: false })
    const uuid = await world.session({ cancelUrl: 'https://shop.example/cancelled' })
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.locator('#name').fill('Ada')
    await page.locator('#lastName').fill('Lovelace')
    await page.locator('#email').fill('script@example.com')
    await page.getByRole('button', { name: 'Continue to payment' }).click()
    await page.locator('button[value=FAIL]').click()
    await page.locator('a[data-next]').waitFor()
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0)
    expect(await page.locator('a[data-next]').textContent()).toBe('Try again')
    await page.locator('a[data-next]').click()
    await page.waitForURL(`**/checkout/${uuid}`)
    await page.getByText('Payment failed.').waitFor()
    await page.getByRole('button', { name: 'Continue to payment' }).click()
    await page.locator('button[value=PAY]').click()
    await page.getByRole('heading', { name: 'Payment received' }).waitFor()
    await page.context().close()
  })

  test.each([
    ['details', false],
    ['pay', false],
    ['details', true],
    ['pay', true],
  ])(
    'asks before it cancels on the %s page, and keeps what was typed (script: %s)',
    async (step, javaScriptEnabled) => {
      const { page } = await openPage({ javaScriptEnabled, viewport: { width: 320, height: 640 } })
      const uuid = await world.session()
      await page.goto(`${world.publicUrl}/checkout/${uuid}`)
      await page.locator('#name').fill('Ada')
      if (step === 'pay') {
        await page.locator('#lastName').fill('Lovelace')
        await page.locator('#email').fill(`cancel-${javaScriptEnabled}@example.com`)
        await page.getByRole('button', { name: 'Continue to payment' }).click()
        await page.waitForURL('**/pay')
      }
      await page.getByRole('button', { name: 'Cancel this payment' }).click()
      await page.getByRole('heading', { name: 'Cancel this payment?' }).waitFor()
      await page.getByRole('button', { name: 'No, go back' }).click()
      await page.getByRole('heading', { name: 'Cancel this payment?' }).waitFor({ state: 'hidden' })
      if (step === 'details') expect(await page.locator('#name').inputValue()).toBe('Ada')
      const status = async () =>
        (await world.call('GET', `/v1/transaction/status?txUUID=pay@${uuid}&txType=payment`)).body
      expect((await status()).status).not.toBe('cancelled')
      await page.getByRole('button', { name: 'Cancel this payment' }).click()
      await page.getByRole('button', { name: 'Yes, cancel the payment' }).click()
      await page.waitForURL('**/receipt')
      expect(await page.locator('h1').textContent()).toBe('Payment cancelled')
      expect((await status()).status).toBe('cancelled')
      await page.context().close()
    },
  )

  test('follows the payment by asking when the socket does not open', async () => {
    const { page } = await openPage()
    await page.addInitScript(
      'window.WebSocket = class extends EventTarget { constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("close"))) } }',
    )
    const uuid = await world.session({ successUrl: SHOP })
    await world.play(uuid, { outcome: 'PAY', customer: { name: 'P', lastName: 'O', email: 'poll@example.com' } })
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.getByRole('link', { name: 'Return to Alma Coffee' }).click()
    await page.waitForURL('https://shop.example/**')
    await page.context().close()
  })

  test('counts down while a rate is held, and offers a new one after it', async () => {
    const { page } = await openPage()
    const uuid = await world.session()
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.locator('#name').fill('Ada')
    await page.locator('#lastName').fill('Lovelace')
    await page.locator('#email').fill('rate@example.com')
    await page.getByRole('button', { name: 'Continue to payment' }).click()
    await page.waitForURL('**/pay')
    world.aheadMs = 10 * 60_000 - 3_000
    await page.reload()
    await page.getByRole('button', { name: 'Get a new rate' }).click()
    world.aheadMs = 0
    await page.getByRole('timer').waitFor()
    expect(await page.locator('[data-pay]').first().isEnabled()).toBe(true)
    await page.context().close()
  })
})

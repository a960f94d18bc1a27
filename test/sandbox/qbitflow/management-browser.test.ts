import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, openBrowser, shoot, warnWithoutBrowser } from '../../support/browser.ts'
import { DAY, payAsYouGo, planSession, statusOf, subscription } from './subscribers.ts'
import { PAYER, type Playground, reaches, startPlayground, until } from './support.ts'

const SHOP = 'https://shop.example/thanks?id={{UUID}}&type={{TRANSACTION_TYPE}}'
const PHONE = { viewport: { width: 360, height: 640 } }

warnWithoutBrowser('the pages of a subscription in a browser')

describe.skipIf(!hasBrowser)('the pages of a subscription in a browser', () => {
  let world: Playground
  let browser: Browser

  beforeAll(async () => {
    world = await startPlayground()
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  async function openPage(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const page = await (await browser.newContext(options)).newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.route('https://shop.example/**', (route) => route.fulfill({ body: 'Back in the shop' }))
    return { page, complaints }
  }

  async function fillIn(page: Page, email: string): Promise<void> {
    await page.getByLabel('First name').fill('Ada')
    await page.getByLabel('Last name').fill('Lovelace')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('group', { name: 'On Base' }).getByLabel('USDC').check()
  }

  test('lead from the link over the allowance to the shop, and the subscription exists', async () => {
    const { page, complaints } = await openPage()
    const uuid = await planSession(world, { successUrl: SHOP })
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await fillIn(page, 'plan@example.com')
    await page.getByLabel('Number of periods').fill('6')
    await page.getByRole('button', { name: 'Continue to authorisation' }).click()
    await page.getByRole('img', { name: /QR code for an allowance/ }).waitFor()
    await page.getByText('Allowance, $62.00').waitFor()
    expect(await page.getByRole('link', { name: 'Open in wallet' }).getAttribute('href')).toMatch(/^ethereum:.*approve/)
    await page.getByRole('button', { name: /^Allow [\d.]+ USDC$/ }).click()
    await page.getByRole('link', { name: 'Return to Alma Coffee' }).click()
    await page.waitForURL(`https://shop.example/thanks?id=sub%40${uuid}&type=createSubscription`)
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 52, subscriptionStatus: 'active' })
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('ask for a maximum where it is paid as it goes, and complain about a wrong one', async () => {
    const { page } = await openPage(PHONE)
    const uuid = await planSession(world, payAsYouGo(0.002, { freeCredits: 3 }))
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.getByText('$0.002').waitFor()
    await fillIn(page, 'usage@example.com')
    await page.getByLabel('At most per month (USD)').fill('0')
    await page.getByRole('button', { name: 'Continue to authorisation' }).click()
    await page.getByText('Enter an amount greater than 0.').waitFor()
    await page.getByLabel('At most per month (USD)').fill('25')
    await page.getByRole('button', { name: 'Continue to authorisation' }).click()
    await page.getByRole('button', { name: /^Allow [\d.]+ USDC$/ }).click()
    await page.getByRole('link', { name: 'See the details' }).click()
    await page.getByRole('link', { name: 'Manage your subscription' }).click()
    await page.getByText('Free credit left').waitFor()
    expect((await subscription(world, uuid)).body.maxSpendingPerPeriod).toBe(25)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    await page.context().close()
  })

  test('let the customer confirm after a trial, top up, raise the maximum, ask for a refund, and cancel', async () => {
    const { page, complaints } = await openPage(PHONE)
    const uuid = await planSession(world, { trialPeriod: { value: 1, unit: 'days' } })
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    await until(async () => (await statusOf(world, uuid)) === 'trial')
    await page.goto(`${world.publicUrl}/subscription/${uuid}`)
    await page.getByRole('button', { name: 'Confirm the subscription' }).click()
    await page.getByRole('heading', { name: 'Your subscription is active' }).waitFor()
    world.aheadMs += 2 * DAY
    await world.sandbox.runDue()
    await until(async () => (await subscription(world, uuid)).body.allowance === 114)
    await page.getByLabel('Add to the allowance (USD)').fill('20')
    await page.getByRole('button', { name: 'Top up' }).click()
    await page.getByText('$134.00').waitFor()
    await page.getByLabel('Maximum per payment (USD)').fill('30')
    await page.getByRole('button', { name: 'Change the maximum' }).click()
    await page.getByRole('definition').getByText('$30.00').waitFor()
    await page.getByText('Ask for a refund').click()
    await page.getByLabel('What is the reason?').fill('The beans were burnt')
    await page.getByRole('button', { name: 'Send the request' }).click()
    await page.getByText('Refund asked for').waitFor()
    await shoot(page, 'manage')
    await page.getByRole('link', { name: 'Cancel the subscription' }).click()
    await shoot(page, 'manage-cancel')
    await page.getByRole('link', { name: 'No, keep it' }).click()
    await page.getByRole('link', { name: 'Cancel the subscription' }).click()
    await page.getByRole('button', { name: 'Yes, cancel the subscription' }).click()
    await page.getByRole('heading', { name: 'You have cancelled this subscription' }).waitFor()
    expect((await subscription(world, uuid)).body).toMatchObject({ stopped: true, allowance: 134 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('show a payment that was made once, and ask for its refund', async () => {
    const { page } = await openPage()
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    await reaches(world, uuid, 'completed')
    await page.goto(`${world.publicUrl}/checkout/${uuid}`)
    await page.getByRole('link', { name: 'Manage your payment' }).click()
    await page.getByText('Ask for a refund').click()
    await page.getByLabel('What is the reason?').fill('It leaks')
    await page.getByRole('button', { name: 'Send the request' }).click()
    await page.getByText('Refund asked for').waitFor()
    await page.context().close()
  })
})

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { watchStatus } from '../support/api.ts'
import { expectAllSettled } from '../support/books.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { choose, createCheckout, pay, readCheckout, recipesOf, statesOf } from '../support/storefront.ts'

warnWithoutBrowser('the journeys of checkouts that are cancelled and that expire')

const CANCEL = `mutation ($input: CancelCheckoutInput!) {
  cancelCheckout(input: $input) { checkout { status } userErrors { code message field } }
}`

describe.skipIf(!hasBrowser)('a checkout that nobody pays in time', { timeout: BROWSER_TEST_MS }, () => {
  let gateway: OpenGateway
  let browser: Browser

  beforeAll(async () => {
    ;[gateway, browser] = await Promise.all([startGateway(), openBrowser()])
  })

  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  test('cancelled by the merchant, ends for whoever watches; money that still comes is booked as late', async () => {
    const { url, api } = gateway
    const { checkout } = await createCheckout(api)
    const watch = watchStatus(url, checkout.clientSecret, checkout.id)
    expect(await api.change(CANCEL, { id: checkout.id })).toMatchObject({ checkout: { status: 'CANCELLED' } })
    expect(await watch.ended).toBe('complete')
    expect(watch.seen).toMatchObject([{ state: 'CANCELLED', final: true }])

    const { page, complaints } = await openTab(browser, [url])
    await page.goto(checkout.url)
    await choose(page, 'Ethereum', 'ETH')
    await pay(page, 'ETH')
    await page.getByRole('link', { name: 'See the details' }).click()
    await page.waitForURL('**/receipt')
    expect(await page.locator('h1').textContent()).toBe('Payment received')
    expect(complaints).toEqual([])

    await expectAllSettled(gateway)
    const paid = await readCheckout(api, checkout.id)
    expect(paid).toMatchObject({ status: 'CANCELLED', payment: { status: 'PAID_LATE', amount: { amount: '19.99' } } })
    expect(recipesOf(paid)).toEqual(['paymentSuspended'])
    expect(statesOf(paid)).toEqual(['CANCELLED', 'CREATED', 'WAITING_CONFIRMATION', 'PAID_LATE'])
    const later = watchStatus(url, checkout.clientSecret, checkout.id)
    expect(await later.ended).toBe('complete')
    expect(later.seen).toMatchObject([{ state: 'PAID_LATE', final: true }])
  })

  test('left by the customer, says so on the page, to whoever watches, and when the link is opened again', async () => {
    const { url, api } = gateway
    const { checkout } = await createCheckout(api)
    const watch = watchStatus(url, checkout.clientSecret, checkout.id)
    const { page, complaints } = await openTab(browser, [url])
    await page.goto(checkout.url)
    await page.getByRole('button', { name: 'Cancel this payment' }).click()
    await page.getByRole('button', { name: 'Yes, cancel the payment' }).click()
    await page.waitForURL('**/receipt')
    expect(await page.locator('h1').textContent()).toBe('Payment cancelled')
    expect(await watch.ended).toBe('complete')
    expect(watch.seen).toMatchObject([{ state: 'CANCELLED', final: true }])

    await page.goto(checkout.url)
    expect(await page.locator('h1').textContent()).toBe('Payment cancelled')
    expect(await page.getByRole('button', { name: /pay/i }).count()).toBe(0)
    expect(complaints).toEqual([])
    expect(await readCheckout(api, checkout.id)).toMatchObject({ status: 'CANCELLED', payment: null })
    await expectAllSettled(gateway)
  })

  test('expired after a day, says so on the page and to whoever watches, and cannot be paid', async () => {
    const { url, api, databaseUrl } = gateway
    const { checkout } = await createCheckout(api)
    const watch = watchStatus(url, checkout.clientSecret, checkout.id)
    const { page } = await openTab(browser, [url])
    await page.goto(checkout.url)
    await choose(page, 'Solana', 'SOL')
    await page.waitForURL('**/pay')
    await look(databaseUrl, `UPDATE tenant SET clock_ahead_ms = clock_ahead_ms + 86_400_000 WHERE mode = 'TEST'`)

    await pay(page, 'SOL')
    await page.waitForURL(checkout.url)
    expect(await page.locator('h1').textContent()).toBe('This checkout has expired')
    expect((await page.goto(checkout.url))?.status()).toBe(410)
    expect(await watch.ended).toBe('complete')
    expect(watch.seen).toMatchObject([{ state: 'EXPIRED', final: true }])
    expect(await readCheckout(api, checkout.id)).toMatchObject({ status: 'EXPIRED', payment: null })
    await expectAllSettled(gateway)
  })
})

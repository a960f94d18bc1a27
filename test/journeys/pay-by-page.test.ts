import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf, watchStatus } from '../support/api.ts'
import { expectAllSettled } from '../support/books.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import {
  CUSTOMER,
  choose,
  createCheckout,
  openShopfront,
  pay,
  readCheckout,
  recipesOf,
  statesOf,
} from '../support/storefront.ts'

warnWithoutBrowser('the journey of a customer who pays on the page')

const CREATE_PRODUCT = `mutation ($input: CreateProductInput!) {
  createProduct(input: $input) { product { id } userErrors { code message field } }
}`

describe.skipIf(!hasBrowser)(
  'a customer pays on the page, and a frontend watches it happen',
  { timeout: BROWSER_TEST_MS },
  () => {
    let gateway: OpenGateway
    let shop: Awaited<ReturnType<typeof openShopfront>>
    let browser: Browser

    beforeAll(async () => {
      ;[gateway, shop, browser] = await Promise.all([startGateway(), openShopfront(), openBrowser()])
    })

    afterAll(async () => {
      await browser?.close()
      await shop?.close()
      await gateway?.stop()
    })

    test('from the product to the books, with every status seen once over a broken connection', async () => {
      const { url, api } = gateway
      const { product } = await api.change<{ product: { id: string } }>(CREATE_PRODUCT, {
        name: 'Espresso machine',
        description: 'Two boilers, one lever',
        price: { amount: '1249.50', currency: 'USD' },
      })
      const { checkout } = await createCheckout(api, {
        productId: product.id,
        successUrl: `${shop.url}/thanks?id={{UUID}}&type={{TRANSACTION_TYPE}}`,
      })
      expect(checkout).toMatchObject({
        status: 'OPEN',
        url: expect.stringContaining(`${url}/sandbox/qbitflow/checkout/`),
      })

      const first = watchStatus(url, checkout.clientSecret, checkout.id)
      const { page, complaints } = await openTab(browser, [url, shop.url])
      await page.goto(checkout.url)
      expect(await page.locator('.summary').textContent()).toMatch(/Espresso machine.*\$1,249\.50/s)
      await choose(page, 'Solana', 'USDC')
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      await pay(page, 'USDC')

      await first.reaches(1)
      first.cut()
      expect(await first.ended).not.toBe('complete')
      const second = watchStatus(url, checkout.clientSecret, checkout.id, first.seen.at(-1)?.cursor)
      expect(await second.ended).toBe('complete')

      await page.getByRole('link', { name: /^Return to / }).click()
      await page.waitForURL(`${shop.url}/**`)
      const session = checkout.url.slice(checkout.url.lastIndexOf('/') + 1)
      expect(page.url()).toBe(`${shop.url}/thanks?id=pay%40${session}&type=payment`)
      expect(complaints).toEqual([])

      const seen = [...first.seen, ...second.seen]
      expect(seen.map(({ state }) => state)).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
      expect(seen.map(({ final }) => final)).toEqual([false, false, true])
      const paid = await readCheckout(api, checkout.id)
      expect(statesOf(paid)).toEqual(seen.map(({ state }) => state))
      expect(paid).toMatchObject({
        status: 'COMPLETED',
        payment: { status: 'COMPLETED', amount: { amount: '1249.50' } },
      })
      expect(recipesOf(paid)).toEqual(['paymentSettled'])

      const { customer } = await api.ask<{ customer: object }>(
        `query ($email: String!) { customer(by: { email: $email }) { id name lastName email } }`,
        { email: CUSTOMER.email.toUpperCase() },
      )
      expect(customer).toEqual({ ...CUSTOMER, id: paid.customer?.id })
      await expectAllSettled(gateway)
    })

    test("the frontend's secret opens its own checkout and no other", async () => {
      const { url, api } = gateway
      const [mine, foreign] = await Promise.all([createCheckout(api), createCheckout(api)])
      const frontend = apiOf(url, mine.checkout.clientSecret)
      const read = (id: string) => frontend.ask('query ($id: ID!) { checkout(by: { id: $id }) { id } }', { id })
      expect(await read(mine.checkout.id)).toEqual({ checkout: { id: mine.checkout.id } })
      expect(await read(foreign.checkout.id)).toEqual({ checkout: null })
      const { ended } = watchStatus(url, mine.checkout.clientSecret, foreign.checkout.id)
      await expect(ended).rejects.toThrow('NOT_FOUND')
    })
  },
)

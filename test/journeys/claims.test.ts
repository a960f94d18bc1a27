import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, openTab, warnWithoutBrowser } from '../support/browser.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { createCheckout, ITEM, simulate } from '../support/storefront.ts'

const WALLET = '0x52908400098527886E0F7030069857D2E4169EE7'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

interface Seller {
  readonly id: string
  readonly email: string
  readonly api: Api
}

let count = 0
async function newSeller(organizationFeeBps = 1_000): Promise<Seller> {
  const { api, url } = gateway
  const email = `seller${++count}@shop.example`
  const input = { name: 'Sam', lastName: 'Seller', email, role: 'USER', organizationFeeBps }
  const { user } = await api.change<{ user: { id: string } }>(
    'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { message } } }',
    input,
  )
  const { secret } = await api.change<{ secret: string }>(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { message } } }',
    { name: 'Till', role: 'USER', userId: user.id },
  )
  return { id: user.id, email, api: apiOf(url, secret) }
}

/** A sale of the seller's that is paid. */
async function sell({ api }: Seller, item: object = ITEM): Promise<void> {
  const { checkout } = await createCheckout(api, { item })
  await simulate(api, checkout.id, 'PAY')
  await eventually(async () => {
    const query = 'query ($id: ID!) { checkout(by: { id: $id }) { status } }'
    return (await api.ask<{ checkout: { status: string } }>(query, { id: checkout.id })).checkout.status === 'COMPLETED'
  })
}

async function invite({ id }: Seller): Promise<string> {
  const { claimRequest } = await gateway.api.change<{ claimRequest: { link: string } }>(
    'mutation ($input: CreateClaimRequestInput!) { createClaimRequest(input: $input) { claimRequest { link user { id } } userErrors { message } } }',
    { userId: id },
  )
  return claimRequest.link
}

function fill(link: string, form: Record<string, string>): Promise<Response> {
  return fetch(link, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
}

interface Posting {
  readonly recipe: string
  readonly entries: readonly { amount: { amount: string }; account: { externalId: string } }[]
}

interface Claim {
  readonly id: string
  readonly owed: { amount: string; currency: string }
  readonly funded: boolean
}

async function claimsOf(api: Api, userId: string): Promise<readonly Claim[]> {
  const query =
    'query ($userId: ID!) { claimFunds(filter: { userId: $userId }) { edges { node { id funded owed { amount currency } } } } }'
  const { claimFunds } = await api.ask<{ claimFunds: { edges: { node: Claim }[] } }>(query, { userId })
  return claimFunds.edges.map(({ node }) => node)
}

test("a seller's payment with a fee is claimed, computed, paid out and settled, and the books balance", async () => {
  const { api } = gateway
  const seller = await newSeller(1_000)
  await sell(seller)
  // 19.99, of which the provider keeps 1.5 % and the organization 10 %.
  const account = `query ($id: ID!) { user(by: { id: $id }) { claimedAt payoutAddress account(currency: "USD") { balance { amount } } } }`
  const before = await seller.api.ask<{ user: object }>(account, { id: seller.id })
  expect(before.user).toEqual({ claimedAt: null, payoutAddress: null, account: { balance: { amount: '17.69' } } })

  const link = await invite(seller)
  expect(await invite(seller)).toBe(link)
  const found = 'query ($id: ID!) { claimRequest(by: { userId: $id }) { link user { email } } }'
  expect(await api.ask(found, { id: seller.id })).toEqual({ claimRequest: { link, user: { email: seller.email } } })
  expect((await fill(link, { payoutAddress: WALLET })).status).toBe(303)

  const trigger =
    'mutation ($input: TriggerTestClaimFundsInput!) { triggerTestClaimFunds(input: $input) { user { id } userErrors { message } } }'
  await api.change(trigger, { userId: seller.id })
  await api.change(trigger, { userId: seller.id })
  const [claim, ...others] = await claimsOf(api, seller.id)
  expect(others).toEqual([])
  expect(claim).toMatchObject({ funded: false, owed: { amount: '17.69', currency: 'USD' } })
  expect(await claimsOf(seller.api, seller.id)).toEqual([claim])

  const settle = `mutation ($input: SettleClaimFundsInput!) { settleClaimFunds(input: $input) {
    claimFunds { funded transaction { recipe entries { amount { amount } account { externalId } } } } userErrors { message } } }`
  const input = { id: claim?.id, idempotencyKey: randomUUID() }
  const settled = await api.change<{ claimFunds: { funded: boolean; transaction: Posting } }>(settle, input)
  const posting = { recipe: 'claimFundsSettled' }
  expect(settled.claimFunds).toMatchObject({ funded: true, transaction: posting })
  const { transaction } = settled.claimFunds
  expect(transaction.entries.map(({ amount: { amount } }) => amount)).toEqual(['-17.69', '17.69'])
  expect(transaction.entries[1]?.account.externalId).toBe('seller-payouts:USD')
  expect(await api.change<{ replayed: boolean }>(settle, input)).toMatchObject(settled)
  const again = { id: claim?.id, idempotencyKey: randomUUID() }
  await expect(api.change(settle, again)).rejects.toThrow('The claim is already settled')

  const after = await seller.api.ask<{ user: object }>(account, { id: seller.id })
  expect(after.user).toMatchObject({ payoutAddress: WALLET, account: { balance: { amount: '0.00' } } })
  await sell(seller)
  await api.change(trigger, { userId: seller.id })
  expect((await claimsOf(api, seller.id)).filter(({ funded }) => !funded)).toHaveLength(1)
  await expectAllSettled(gateway)
})

test('what is owed is computed by itself at the next full hour, for those who claimed their account alone', async () => {
  const { api } = gateway
  const [claimed, waiting] = [await newSeller(0), await newSeller(0)]
  await sell(claimed)
  await sell(waiting)
  await fill(await invite(claimed), { payoutAddress: WALLET })
  const advance =
    'mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) { testClock { now target } userErrors { message } } }'
  await api.change(advance, { by: { value: 2, unit: 'HOURS' } })
  expect(await claimsOf(api, claimed.id)).toMatchObject([{ funded: false, owed: { amount: '19.69' } }])
  expect(await claimsOf(api, waiting.id)).toEqual([])
  expect(await claimsOf(waiting.api, claimed.id)).toEqual([])
})

describe('the page of an invitation', () => {
  test('asks for nothing but the wallet, and says what comes next', async () => {
    const link = await invite(await newSeller())
    const page = await (await fetch(link)).text()
    expect([...page.matchAll(/<input[^>]* name="(\w+)"/g)].map(([, name]) => name)).toEqual(['payoutAddress'])
    expect(page).not.toMatch(/password|sign in/i)
    expect(page).toContain('What happens next')
    await fill(link, { payoutAddress: WALLET })
    expect(await (await fetch(link)).text()).toContain('You do not need to do anything else.')
    const columns = await look(
      gateway.databaseUrl,
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'app_user' AND column_name LIKE '%password%'`,
    )
    expect(columns).toEqual([])
  })

  test('takes no bad address, and keeps what was typed', async () => {
    const link = await invite(await newSeller())
    const answer = await fill(link, { payoutAddress: 'nowhere"><script>' })
    expect(answer.status).toBe(422)
    const page = await answer.text()
    expect(page).toContain('Enter an address on Ethereum, Base or Solana.')
    expect(page).not.toContain('<script>')
    expect(page).toContain('value="nowhere&quot;&gt;&lt;script&gt;"')
    expect((await fill(link, {})).status).toBe(422)
    expect((await fill(link, { payoutAddress: WALLET })).status).toBe(303)
  })

  test('is used once, also by two at the same moment', async () => {
    const seller = await newSeller()
    const link = await invite(seller)
    const wallets = [WALLET, '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV']
    await Promise.all(wallets.map((payoutAddress) => fill(link, { payoutAddress })))
    const rows = await look(
      gateway.databaseUrl,
      `SELECT count(*)::int AS n FROM event WHERE type = 'user.claimed' AND payload #>> '{object,id}' = $1`,
      [seller.id],
    )
    expect(rows).toEqual([{ n: 1 }])
    const ask = 'query ($id: ID!) { user(by: { id: $id }) { payoutAddress } }'
    const before = await gateway.api.ask(ask, { id: seller.id })
    await fill(link, { payoutAddress: wallets[1] ?? '' })
    expect(await gateway.api.ask(ask, { id: seller.id })).toEqual(before)
    expect(await (await fetch(link)).text()).toContain('The account is yours')
    await expect(invite(seller)).rejects.toThrow('The account is already claimed')
  })

  test.each(['', 'x', '0'.repeat(96), 'toString'])('is not there for a wrong link: %s', async (token) => {
    const answer = await fetch(`${gateway.url}/claim/${token}`)
    expect(answer.status).toBe(404)
  })

  test('is gone with the user', async () => {
    const seller = await newSeller()
    const link = await invite(seller)
    await gateway.api.change(
      'mutation ($input: DeleteUserInput!) { deleteUser(input: $input) { user { id } userErrors { message } } }',
      { id: seller.id },
    )
    expect((await fetch(link)).status).toBe(404)
    expect((await fill(link, { payoutAddress: WALLET })).status).toBe(404)
  })

  test('leaves no trace of the link in logs and events', async () => {
    const link = await invite(await newSeller())
    await fill(link, { payoutAddress: WALLET })
    const logged = JSON.stringify(gateway.lines)
    expect(logged).toContain('/claim/…')
    const said = JSON.stringify(await look(gateway.databaseUrl, 'SELECT payload FROM event'))
    for (const text of [logged, said]) expect(text).not.toContain(link.slice(-40))
  })
})

warnWithoutBrowser('the page of an invitation in a browser')

describe.skipIf(!hasBrowser)('the page of an invitation in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  }, BROWSER_TEST_MS)
  afterAll(() => browser.close())

  test.each([
    ['a phone', { width: 360, height: 740 }],
    ['a desk', { width: 1280, height: 860 }],
  ])('leads %s from the link to the account', { timeout: BROWSER_TEST_MS }, async (name, size) => {
    const link = await invite(await newSeller())
    const { page, complaints } = await openTab(browser, [gateway.url])
    const fits = async () => expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width)
    await page.setViewportSize(size)
    await page.goto(link)
    await fits()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/claim-${name}.png` })
    await page.getByLabel('Your wallet address').fill('nowhere')
    await page.getByRole('button', { name: 'Claim my account' }).click()
    await page.getByRole('alert').waitFor()
    await fits()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/claim-bad-${name}.png` })
    await page.getByLabel('Your wallet address').fill(WALLET)
    await page.getByRole('button', { name: 'Claim my account' }).click()
    await page.getByRole('heading', { name: 'The account is yours' }).waitFor()
    await fits()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/claim-done-${name}.png` })
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([])
  })
})

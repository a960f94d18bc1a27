import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { hasBrowser, openBrowser } from '../../support/browser.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

const HOUR = 60 * 60_000
const WALLET = '0x00112233445566778899aabbccddeeff00112233'

let world: Playground

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
})

afterAll(() => world.close())

interface Seller {
  readonly id: number
  readonly key: string
}

async function seller(): Promise<Seller> {
  const person = { name: 'Sam', lastName: 'Seller', email: `${newId()}@example.com`, role: 'user' }
  const { body: user } = await world.call('POST', '/v1/user', { ...person, organizationFeeBps: 1_000 })
  const { body } = await world.call('POST', '/v1/api-key', { name: 'Till', userId: user.id, test: true })
  return { id: user.id, key: body.key }
}

/** A payment of 99.99 to the seller, whose share is 88.49. */
async function sell({ key }: Seller): Promise<string> {
  const item = { productName: 'Vase', description: 'Blue glaze', price: 99.99 }
  const { body } = await world.call('POST', '/v1/transaction/session-checkout/new/payment', item, key)
  const uuid = body.uuid.slice('pay@'.length)
  await world.play(uuid, { outcome: 'PAY', customer: PAYER })
  await world.passMinute()
  await world.passMinute()
  await reaches(world, uuid, 'completed')
  return uuid
}

const request = (userId: unknown) => world.call('POST', '/v1/user/claim/request', { userId })
const trigger = ({ id }: Seller) => world.call('GET', `/v1/user/claim/funds/test-trigger/${id}`)
const funds = async ({ key }: Seller) => (await world.call('GET', '/v1/user/claim/funds', undefined, key)).body

async function claim(link: string, form: object = {}): Promise<Response> {
  const body = new URLSearchParams({ wallet: WALLET, ...form })
  return fetch(link, { method: 'POST', body, redirect: 'manual' })
}

describe('a claim request', () => {
  test('is the same link whenever asked for', async () => {
    const { id } = await seller()
    expect((await world.call('GET', `/v1/user/claim/request/${id}`)).status).toBe(404)
    const made = await Promise.all([request(id), request(id), request(id)])
    const links = new Set(made.map(({ body }) => body.link))
    expect(links.size).toBe(1)
    const [link] = links
    expect(link).toMatch(new RegExp(`^${world.publicUrl}/claim/[0-9a-f-]{36}$`))
    expect((await world.call('GET', `/v1/user/claim/request/${id}`)).body).toEqual({
      message: expect.any(String),
      link,
    })
  })

  test('is for a user who is there and has not claimed', async () => {
    const { body: owner } = await world.call('GET', '/v1/user')
    expect((await request(undefined)).status).toBe(400)
    expect((await request('x')).status).toBe(400)
    expect((await request(999_999_999)).status).toBe(404)
    expect((await request(owner.id)).status).toBe(400)
    expect((await world.call('GET', '/v1/user/claim/request/999999999')).status).toBe(404)
  })
})

describe('the page of a claim request', () => {
  test('sets the wallet, and says so from then on', async () => {
    const { id } = await seller()
    const { link } = (await request(id)).body
    expect(await (await fetch(link)).text()).toContain('Claim your account')
    const wrong = await claim(link, { wallet: '0x12' })
    const page = await wrong.text()
    expect([wrong.status, page]).toEqual([422, expect.stringContaining('value="0x12"')])
    expect(page).not.toMatch(/password|sign-in/i)
    expect((await world.call('GET', `/v1/user/id/${id}`)).body.claimedAt).toBeNull()
    const answers = await Promise.all([claim(link), claim(link)])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    const { body: user } = await world.call('GET', `/v1/user/id/${id}`)
    expect(user).toMatchObject({ claimedAt: expect.any(String), updatedAt: user.claimedAt })
    expect(user).not.toHaveProperty('wallet')
    expect(await (await fetch(link)).text()).toContain('The account is yours')
    expect((await request(id)).status).toBe(400)
  })

  test('without an invitation says that there is none', async () => {
    for (const uuid of [newId(), 'nonsense']) {
      const page = await fetch(`${world.publicUrl}/claim/${uuid}`)
      expect([page.status, await page.text()]).toEqual([
        404,
        expect.stringContaining('This link leads to no invitation'),
      ])
    }
  })

  test.skipIf(!hasBrowser)(
    'goes in a browser, on the width of a phone too',
    async () => {
      const { link } = (await request((await seller()).id)).body
      const browser: Browser = await openBrowser()
      try {
        const page = await (await browser.newContext({ viewport: { width: 360, height: 740 } })).newPage()
        const complaints: string[] = []
        page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
        await page.goto(link)
        await page.getByLabel('Your wallet address').fill(WALLET)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
        await page.getByRole('button', { name: 'Claim my account' }).click()
        await page.getByRole('heading', { name: 'The account is yours' }).waitFor()
        expect(complaints).toEqual([])
      } finally {
        await browser.close()
      }
    },
    60_000,
  )
})

describe('claim funds', () => {
  test('are what a user earned before the claim, in one row that the organization settles', async () => {
    const someone = await seller()
    await sell(someone)
    await sell(someone)
    expect(await funds(someone)).toEqual([])
    await trigger(someone)
    const row = {
      userId: someone.id,
      totalAmountOwed: 176.98,
      funded: false,
      test: true,
      createdAt: expect.any(String),
    }
    expect(await funds(someone)).toEqual([row])
    await trigger(someone)
    expect(await funds(someone)).toEqual([row])
    const { body: all } = await world.call('GET', '/v1/user/claim/funds')
    expect(all).toContainEqual(row)
    await sell(someone)
    const other = await world.call('GET', `/v1/user/claim/funds/test-trigger?userID=${someone.id}`)
    expect(other.body).toEqual({ message: expect.any(String) })
    expect((await funds(someone)).map(({ totalAmountOwed }: { totalAmountOwed: number }) => totalAmountOwed)).toEqual([
      88.49, 176.98,
    ])
    const path = `/_sandbox/claim-funds/${someone.id}/fund`
    expect((await world.call('POST', path)).body).toMatchObject({ settled: 2 })
    expect(await funds(someone)).toEqual([])
    expect((await world.call('POST', path)).status).toBe(404)
  })

  test('come by themselves at the full hour after the claim; what is earned later is not held', async () => {
    const someone = await seller()
    await sell(someone)
    await claim((await request(someone.id)).body.link)
    await sell(someone)
    world.aheadMs += HOUR
    await world.sandbox.runDue()
    const [row, ...others] = await funds(someone)
    expect([row, others]).toEqual([expect.objectContaining({ totalAmountOwed: 88.49 }), []])
    expect(row.createdAt).toMatch(/T\d\d:00:00\.000Z$/)
    await trigger(someone)
    expect(await funds(someone)).toHaveLength(1)
  })

  test('are less by what was given back', async () => {
    const someone = await seller()
    await sell(someone)
    const { body: refund } = await world.call('POST', '/_sandbox/refunds', { transactionUUID: await sell(someone) })
    await world.call('POST', `/_sandbox/refunds/${refund.uuid}/approve`)
    await world.passMinute()
    await trigger(someone)
    expect(await funds(someone)).toMatchObject([{ totalAmountOwed: 88.49 }])
  })

  test('of nobody are not there', async () => {
    expect((await world.call('GET', '/v1/user/claim/funds/test-trigger/999999999')).status).toBe(404)
    expect((await world.call('GET', '/v1/user/claim/funds/test-trigger')).status).toBe(404)
    const someone = await seller()
    expect((await trigger(someone)).status).toBe(200)
    expect(await funds(someone)).toEqual([])
  })
})

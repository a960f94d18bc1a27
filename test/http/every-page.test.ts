import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/http/log.ts'
import { openServer } from '../../src/http/server.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, warnWithoutBrowser } from '../support/browser.ts'
import { expectGoodInEveryLook, openStill } from '../support/every-look.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openDoor } from './house.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const LONG_NAME = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'

let gateway: OpenGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

async function invite(person: object): Promise<string> {
  const { api } = gateway
  const { user } = await api.change<{ user: { id: string } }>(
    'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { message } } }',
    { role: 'USER', ...person },
  )
  const { claimRequest } = await api.change<{ claimRequest: { link: string } }>(
    'mutation ($input: CreateClaimRequestInput!) { createClaimRequest(input: $input) { claimRequest { link } userErrors { message } } }',
    { userId: user.id },
  )
  return claimRequest.link
}

describe('a refusal', () => {
  test('is a page for whoever opens an address in a browser, and JSON for programs', async () => {
    for (const path of ['/nowhere', '/claim/', '/sandbox/nobody/checkout']) {
      const [page, json] = await Promise.all([
        fetch(gateway.url + path, { headers: HTML }),
        fetch(gateway.url + path, { headers: { accept: '*/*' } }),
      ])
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
      expect(await page.text()).toContain('<h1>Page not found</h1>')
      expect([json.status, (await json.json()).error.code]).toEqual([404, 'NOT_FOUND'])
    }
  })

  test('is a page also where the form is too large or not UTF-8', async () => {
    const link = await invite({ name: 'Sue', lastName: 'Seller', email: 'sue@example.com' })
    for (const [body, status] of [
      ['x'.repeat(20_000), 413],
      [Buffer.from([0x61, 0xff]), 400],
    ] as const) {
      const answer = await fetch(link, { method: 'POST', headers: HTML, body })
      expect([answer.status, await answer.text()]).toEqual([
        status,
        expect.stringContaining('This request was refused'),
      ])
    }
  })

  test('is a page while the gateway starts and when it fails, and tells nothing from within', async () => {
    const log = createLog({ level: 'silent', pretty: false })
    const starting = await openServer({ host: '127.0.0.1', port: 0, log })
    const failing = await openDoor({
      sandboxes: {
        broken: {
          fetch: () => Promise.reject(new Error('hunter2')),
          knowsCaller: async () => false,
          hasSocket: () => false,
          upgrade: () => {},
        },
      },
    })
    const [early, failed] = await Promise.all([
      fetch(`http://127.0.0.1:${starting.port}/claim/a-token`, { headers: HTML }),
      fetch(`${failing.url}/sandbox/broken/checkout`, { headers: { ...HTML, 'x-request-id': 'asked-1' } }),
    ])
    expect([early.status, await early.text()]).toEqual([503, expect.stringContaining('Not available at the moment')])
    const text = await failed.text()
    expect([failed.status, text]).toEqual([500, expect.stringContaining('give this number: asked-1')])
    expect(text).not.toContain('hunter2')
    await Promise.all([starting.stop(), failing.server.stop()])
  })
})

warnWithoutBrowser('every page of the gateway')

describe.skipIf(!hasBrowser)('every page of the gateway', { timeout: BROWSER_TEST_MS }, () => {
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    browser = await openBrowser()
    page = await openStill(browser)
  }, BROWSER_TEST_MS)
  afterAll(() => browser?.close())

  async function check(name: string, heading: string): Promise<void> {
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await expectGoodInEveryLook(page, name)
  }

  test.each([
    ['', { name: 'Sam', lastName: 'Seller', email: 'sam@example.com' }],
    [' long', { name: LONG_NAME, lastName: LONG_NAME, email: `${LONG_NAME.slice(0, 30)}@example.com` }],
    [' right to left', { name: 'ليلى', lastName: 'المنصوري', email: 'laila@example.com' }],
  ])('invites a seller, refuses a wrong address and says when the account is claimed%s', async (kind, person) => {
    await page.goto(await invite(person))
    await check(`invitation${kind}`, 'Claim your account')
    await page.getByRole('button', { name: 'Claim my account' }).click()
    await page.getByRole('alert').waitFor()
    await check(`invitation refused${kind}`, 'Claim your account')
    await page.getByLabel('Your wallet address').fill('0x52908400098527886E0F7030069857D2E4169EE7')
    await page.getByRole('button', { name: 'Claim my account' }).click()
    await check(`invitation claimed${kind}`, 'The account is yours')
  })

  test('says that a link is wrong', async () => {
    await page.goto(`${gateway.url}/claim/${'0'.repeat(96)}`)
    await check('invitation wrong', 'This link leads to no invitation')
    await page.goto(`${gateway.url}/nowhere`)
    await check('not found', 'Page not found')
  })
})

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { BROWSER_TEST_MS, hasBrowser, openBrowser, warnWithoutBrowser } from '../../support/browser.ts'
import { expectGoodInEveryLook, openStill } from '../../support/every-look.ts'
import { act, DAY, pass, payAsYouGo, planSession, subscribe } from './subscribers.ts'
import { BY_THE_CLOCK, PAYER, type Playground, startPlayground } from './support.ts'

warnWithoutBrowser('every page of a checkout')

const LONG_NAME = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and Daughters'
const RIGHT_TO_LEFT = { productName: 'قهوة عربية فاخرة مع الهيل', description: 'كيس من البن الطازج\nيصلك كل شهر' }
const SHOP = 'https://shop.example/thanks'
const LONG = { productName: LONG_NAME, description: LONG_NAME.repeat(5).slice(0, 480), price: 9_999_999.99 }

describe.skipIf(!hasBrowser)('every page of a checkout', { timeout: BROWSER_TEST_MS }, () => {
  let world: Playground
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    world = await startPlayground(BY_THE_CLOCK)
    browser = await openBrowser()
    page = await openStill(browser)
  })

  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  async function look(path: string, name: string, heading: string | RegExp): Promise<void> {
    await page.goto(`${world.publicUrl}/${path}`)
    await check(name, heading)
  }

  async function check(name: string, heading: string | RegExp): Promise<void> {
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await expectGoodInEveryLook(page, name)
  }

  async function press(button: string): Promise<void> {
    await page.getByRole('button', { name: button }).click()
  }

  async function fillIn(path: string, coin: string, chain: string): Promise<void> {
    await page.goto(`${world.publicUrl}/${path}`)
    await page.getByLabel('First name').fill('Ada')
    await page.getByLabel('Last name').fill('Lovelace')
    await page.getByLabel('E-mail address').fill('ada@example.com')
    await page
      .getByRole('group', { name: `On ${chain}` })
      .getByRole('radio', { name: new RegExp(`^${coin} `) })
      .check()
  }

  /** A checkout that ended so. */
  async function ended(outcome: string, fields: object = {}): Promise<string> {
    const uuid = 'frequency' in fields ? await planSession(world, fields) : await world.session(fields)
    await world.play(uuid, { outcome, customer: { ...PAYER, email: `${outcome}@example.com` } })
    await world.passMinute()
    await world.passMinute()
    return uuid
  }

  describe('before it is paid', () => {
    test('asks for the customer and the currency, and marks what is wrong', async () => {
      const uuid = await world.session()
      await look(`checkout/${uuid}`, 'details', 'Choose how to pay')
      await press('Continue to payment')
      await page.getByRole('alert').waitFor()
      await check('details refused', 'Choose how to pay')
    })

    test('shows long names, long amounts and text from right to left', async () => {
      await world.call('PUT', '/_sandbox/organization', { name: LONG_NAME })
      const paid = await ended('OVERPAY', { ...LONG, successUrl: SHOP })
      await look(`checkout/${paid}/status`, 'status long', 'Payment received')
      await look(`subscription/${await subscribe(world, LONG)}`, 'manage long', 'Your subscription is active')
      await fillIn(`checkout/${await world.session(LONG)}`, 'ETH', 'Ethereum')
      await check('details long', 'Choose how to pay')
      await press('Continue to payment')
      await check('pay long', 'Send the payment')
      await world.call('PUT', '/_sandbox/organization', { name: 'مقهى ألما' })
      await look(`checkout/${await world.session(RIGHT_TO_LEFT)}`, 'details right to left', 'Choose how to pay')
      await world.call('PUT', '/_sandbox/organization', { name: 'Alma Coffee' })
    })

    test('shows where to pay, and offers a new rate when the old one ran out', async () => {
      const uuid = await world.session()
      await fillIn(`checkout/${uuid}`, 'USDC', 'Solana')
      await press('Continue to payment')
      await check('pay', 'Send the payment')
      world.aheadMs += 11 * 60_000
      await look(`checkout/${uuid}/pay`, 'pay rate ran out', 'Send the payment')
    })

    test('asks before it is cancelled', async () => {
      await page.goto(`${world.publicUrl}/checkout/${await world.session()}`)
      await press('Cancel this payment')
      await page.getByRole('dialog', { name: 'Cancel this payment?' }).waitFor()
      await check('cancel', 'Choose how to pay')
    })

    test('asks for an allowance where there is a plan', async () => {
      await look(
        `checkout/${await planSession(world, { trialPeriod: { value: 14, unit: 'days' }, minPeriods: 3 })}`,
        'plan details',
        'Set up your subscription',
      )
      const uuid = await planSession(world, payAsYouGo(0.002, { freeCredits: 3 }))
      await fillIn(`checkout/${uuid}`, 'USDC', 'Base')
      await page.getByLabel('At most per month (USD)').fill('0')
      await page.getByLabel('Number of periods').fill('999')
      await press('Continue to authorisation')
      await check('plan details refused', 'Set up your subscription')
      await page.getByLabel('At most per month (USD)').fill('25')
      await page.getByLabel('Number of periods').fill('12')
      await press('Continue to authorisation')
      await check('authorise', 'Authorise the subscription')
    })
  })

  describe('while and after it is paid', () => {
    test('follows the payment', async () => {
      const uuid = await world.session({ successUrl: SHOP })
      await world.play(uuid, { outcome: 'PAY', customer: PAYER })
      await look(`checkout/${uuid}/status`, 'status created', 'Payment on its way')
      await world.passMinute()
      await look(`checkout/${uuid}/status`, 'status waiting', 'Payment on its way')
    })

    test.each([
      ['PAY', 'Payment received', {}],
      ['OVERPAY', 'Payment received', {}],
      ['UNDERPAY', 'You paid too little', {}],
      ['FAIL', 'Payment failed', {}],
      ['CANCEL', 'Payment cancelled', {}],
      ['EXPIRE', 'This checkout has expired', {}],
    ])('says how a payment ended: %s', async (outcome, heading, fields) => {
      const uuid = await ended(outcome, { ...fields, successUrl: SHOP })
      await look(`checkout/${uuid}/status`, `status ${outcome}`, heading)
      await look(`checkout/${uuid}/receipt`, `receipt ${outcome}`, heading)
      if (outcome === 'PAY') await look(`checkout/${uuid}`, 'paid already', 'This checkout has already been paid')
    })

    test.each([
      ['PAY', 'Your subscription has started'],
      ['UNDERPAY', 'You allowed too little'],
      ['FAIL', 'The subscription could not be set up'],
      ['CANCEL', 'Subscription cancelled'],
    ])('says how the setting up of a subscription ended: %s', async (outcome, heading) => {
      const uuid = await ended(outcome, { frequency: { value: 1, unit: 'months' } })
      await look(`checkout/${uuid}/status`, `plan status ${outcome}`, heading)
      await look(`checkout/${uuid}/receipt`, `plan receipt ${outcome}`, heading)
    })

    test('shows a payment, its refund form with what was typed, and the answer', async () => {
      const uuid = await ended('PAY')
      await look(`payment/${uuid}`, 'payment', 'Your payment')
      await page.getByText('Ask for a refund').click()
      await page.getByLabel('What is the reason?').fill('It leaks. '.repeat(60))
      await press('Send the request')
      await page.getByRole('alert').waitFor()
      await check('payment refund refused', 'Your payment')
      await page.getByLabel('What is the reason?').fill('It leaks.')
      await press('Send the request')
      await page.getByText('Refund asked for').waitFor()
      await check('payment refund asked for', 'Your payment')
    })
  })

  describe('of a subscription', () => {
    test('shows how it stands, whatever that is', async () => {
      const uuid = await subscribe(world)
      await look(`subscription/${uuid}`, 'manage active', 'Your subscription is active')
      await look(`subscription/${uuid}/cancel`, 'manage cancel', 'Cancel this subscription?')
      await page.goto(`${world.publicUrl}/subscription/${uuid}`)
      await page.getByText('Ask for a refund').click()
      await page.getByLabel('Add to the allowance (USD)').evaluate((field) => field.setAttribute('type', 'text'))
      await page.getByLabel('Add to the allowance (USD)').fill('-5')
      await page.evaluate(`document.querySelector('[action$="top-up"]').noValidate = true`)
      await press('Top up')
      await page.getByRole('alert').waitFor()
      await check('manage refused', 'Your subscription is active')
      await act(world, uuid, 'price', { price: 50 })
      await pass(world, 31 * DAY)
      await look(`subscription/${uuid}`, 'manage above maximum', 'A payment is above your maximum')
      await act(world, uuid, 'drain', { allowance: 1 })
      await act(world, uuid, 'raise-maximum', { maximum: 60 })
      await look(`subscription/${uuid}`, 'manage past due', 'A payment could not be taken')
    })

    test('shows a trial, what is being confirmed, and the end', async () => {
      const uuid = await subscribe(world, { trialPeriod: { value: 7, unit: 'days' } })
      await look(`subscription/${uuid}`, 'manage trial', 'Your free trial')
      await pass(world, 8 * DAY)
      await look(`subscription/${uuid}`, 'manage trial over', 'Your trial has ended')
      await press('Confirm and pay the first period')
      await check('manage underway', /being confirmed/)
      await pass(world, 5 * 60_000)
      await act(world, uuid, 'drain', { allowance: 15 })
      await pass(world, 40 * DAY)
      await look(`subscription/${uuid}`, 'manage low', 'Your allowance is running low')
      await act(world, uuid, 'cancel')
      await look(`subscription/${uuid}`, 'manage stopped', 'You have cancelled this subscription')
      await pass(world, 40 * DAY)
      await look(`subscription/${uuid}`, 'manage over', 'This subscription has ended')
    })
  })

  test('says that a link is wrong, or that something cannot be done', async () => {
    for (const kind of ['checkout', 'subscription', 'payment']) {
      await look(`${kind}/${newId()}`, `wrong ${kind}`, `This link leads to no ${kind}`)
    }
    await page.goto(`${world.publicUrl}/checkout/${await world.session()}`)
    await page.evaluate(`document.querySelector('button[value=CANCEL]').value = 'STEAL'`)
    await press('Cancel this payment')
    await press('Yes, cancel the payment')
    await check('not done', 'This could not be done')
  })

  test('invites a seller, and says when the account is claimed', async () => {
    const person = { name: 'Sam', lastName: 'Seller', email: 'sam@example.com', role: 'user' }
    const { body: user } = await world.call('POST', '/v1/user', { ...person, organizationFeeBps: 1_000 })
    const { body } = await world.call('POST', '/v1/user/claim/request', { userId: user.id })
    const path = body.link.slice(world.publicUrl.length + 1)
    await look(path, 'claim', 'Claim your account')
    await press('Claim my account')
    await page.getByRole('alert').waitFor()
    await check('claim refused', 'Claim your account')
    await page.getByLabel('Your wallet address').fill('0x52908400098527886E0F7030069857D2E4169EE7')
    await press('Claim my account')
    await check('claimed', 'The account is yours')
    await look(`claim/${newId()}`, 'wrong claim', 'This link leads to no invitation')
    expect(await page.title()).toContain('Wrong link')
  })
})

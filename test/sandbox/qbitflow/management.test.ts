import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { hasBrowser, openBrowser, shoot } from '../../support/browser.ts'
import { act, DAY, pass, payAsYouGo, statusOf, subscribe, subscription } from './subscribers.ts'
import { BY_THE_CLOCK, type Playground, startPlayground } from './support.ts'

const PHONE = { viewport: { width: 360, height: 640 } }

describe('the page on which a customer looks after a subscription', () => {
  let world: Playground

  beforeAll(async () => {
    world = await startPlayground(BY_THE_CLOCK)
  })

  afterAll(() => world.close())

  async function send(path: string, form: Record<string, string>) {
    const response = await fetch(world.publicUrl + path, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams(form),
    })
    return { status: response.status, text: await response.text() }
  }

  const read = async (path: string) => (await fetch(world.publicUrl + path)).text()

  test('refuses to cancel before the date that was agreed, and names it', async () => {
    const uuid = await subscribe(world, { minPeriods: 2 })
    const { body } = await subscription(world, uuid)
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
      new Date(body.minimumCancellationDate),
    )
    const page = await read(`/subscription/${uuid}`)
    expect(page).toContain(`You agreed to stay until ${day}`)
    expect(page).not.toContain('Cancel the subscription')
    const { status, text } = await send(`/subscription/${uuid}/cancel`, {})
    expect(status).toBe(409)
    expect(text).toContain('The subscription cannot be cancelled at the moment.')
    expect(text).toContain(`You agreed to stay until ${day}`)
    expect((await subscription(world, uuid)).body.stopped).toBe(false)
  })

  test.each(['', 'plenty', '-5', '0', '0.001', '1e400', '9999999999999'])(
    'takes no top-up of "%s"',
    async (allowance) => {
      const uuid = await subscribe(world)
      const { status, text } = await send(`/subscription/${uuid}/top-up`, { allowance })
      expect([status, text.includes('aria-invalid="true"')]).toEqual([422, true])
    },
  )

  test('takes only one top-up at a time', async () => {
    const uuid = await subscribe(world)
    expect((await send(`/subscription/${uuid}/top-up`, { allowance: '5' })).status).toBe(303)
    expect(await read(`/subscription/${uuid}`)).toContain('Your top-up is being confirmed')
    const second = await send(`/subscription/${uuid}/top-up`, { allowance: '5' })
    expect(second).toMatchObject({
      status: 409,
      text: expect.stringContaining('is still being confirmed. Wait a minute'),
    })
    await pass(world, 5 * 60_000)
    expect((await subscription(world, uuid)).body.allowance).toBe(119)
  })

  test('says one thing at a time about how it stands', async () => {
    const uuid = await subscribe(world)
    expect(await read(`/subscription/${uuid}`)).toContain('Your subscription is active')
    for (const [verb, form, heading] of [
      ['top-up', { allowance: '5' }, 'Your top-up is being confirmed'],
      ['maximum', { maximum: '60' }, 'Your new maximum is being confirmed'],
      ['cancel', {}, 'Your cancellation is being confirmed'],
    ] as const) {
      await send(`/subscription/${uuid}/${verb}`, { ...form })
      const page = await read(`/subscription/${uuid}`)
      expect(page).toMatch(new RegExp(`<h1[^>]*>${heading}</h1>`))
      expect(page).not.toContain('is active')
      expect(page).not.toContain('The next payment is due')
      await pass(world, 5 * 60_000)
    }
    const page = await read(`/subscription/${uuid}`)
    expect(page).toContain('You have cancelled this subscription')
    expect(page).not.toContain('is active')
  })

  test('keeps what was typed in a form that was refused', async () => {
    const uuid = await subscribe(world)
    const { text } = await send(`/subscription/${uuid}/maximum`, { maximum: '-7' })
    expect(text).toMatch(/name="maximum"[^>]*value="-7"/)
    await send(`/subscription/${uuid}/top-up`, { allowance: '5' })
    const second = await send(`/subscription/${uuid}/top-up`, { allowance: '8.5' })
    expect(second.status).toBe(409)
    expect(second.text).toMatch(/name="allowance"[^>]*value="8.5"/)
    // The script would bring a part up to date while the first top-up is being confirmed.
    expect(second.text).not.toContain('data-part="top-up"')
  })

  test('keeps the reason of a refund that was refused, of the payment that it is about', async () => {
    const uuid = await subscribe(world)
    await pass(world, 31 * DAY)
    const { body } = await world.call('GET', `/v1/transaction/subscription/history/${uuid}`)
    const [later, first] = body.map((entry: { uuid: string }) => entry.uuid.slice('sub-hist@'.length))
    const reason = `Too <bitter>${'!'.repeat(500)}`
    const { status, text } = await send(`/subscription/${uuid}/refund`, { transaction: first, reason })
    expect(status).toBe(422)
    const kept = reason.replace('<bitter>', '&lt;bitter&gt;')
    expect(text).toMatch(new RegExp(`<textarea id="reason-${first}"[^>]*aria-invalid="true"[^>]*>\n${kept}</textarea>`))
    expect(text).toMatch(new RegExp(`<textarea id="reason-${later}"[^>]*>\n</textarea>`))
    expect(text).toContain('Write up to 500 characters. These are 512.')
  })

  test('offers nothing for payments that no longer come, and says what a last one is for', async () => {
    const fixed = await subscribe(world)
    await act(world, fixed, 'cancel')
    const page = await read(`/subscription/${fixed}`)
    expect(page).toContain('No more payments are taken.')
    expect(page).not.toMatch(/Top up|Change the maximum|Next payment/)
    const byUsage = await subscribe(world, payAsYouGo(0.5))
    const left = 'On that day you pay for what you have used.'
    expect(await read(`/subscription/${byUsage}/cancel`)).toContain(left)
    await act(world, byUsage, 'cancel')
    expect(await read(`/subscription/${byUsage}`)).toMatch(new RegExp(`${left}[\\s\\S]*Top up`))
  })

  test.skipIf(!hasBrowser)('is brought up to date without a reload, and leaves what is typed', async () => {
    const uuid = await subscribe(world)
    await send(`/subscription/${uuid}/top-up`, { allowance: '5' })
    const browser = await openBrowser()
    const page = await browser.newPage(PHONE)
    await page.goto(`${world.publicUrl}/subscription/${uuid}`)
    await page.getByRole('heading', { name: 'Your top-up is being confirmed' }).waitFor()
    await shoot(page, 'manage-underway')
    await page.evaluate('window.stillHere = true')
    await page.getByText('Ask for a refund').click()
    await page.getByLabel('What is the reason?').fill('The beans were bu')
    await page.getByLabel('Add to the allowance (USD)').fill('12')
    await page.getByLabel('Maximum per payment (USD)').focus()
    await pass(world, 5 * 60_000)
    await page.getByRole('heading', { name: 'Your subscription is active' }).waitFor()
    await page.getByText('$119.00').waitFor()
    expect(await page.evaluate('window.stillHere')).toBe(true)
    expect(await page.getByLabel('What is the reason?').inputValue()).toBe('The beans were bu')
    expect(await page.getByLabel('Add to the allowance (USD)').inputValue()).toBe('12')
    expect(await page.evaluate('document.activeElement.name')).toBe('maximum')
    await browser.close()
  })

  test.skipIf(!hasBrowser)('asks before it cancels, also without a script', async () => {
    const uuid = await subscribe(world)
    const browser = await openBrowser()
    const page = await browser.newPage({ ...PHONE, javaScriptEnabled: false })
    await page.goto(`${world.publicUrl}/subscription/${uuid}`)
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0)
    await page.locator('a[href$="/cancel"]').click()
    expect(await page.locator('h1').textContent()).toBe('Cancel this subscription?')
    expect((await subscription(world, uuid)).body.stopped).toBe(false)
    await page.locator('button.primary').click()
    expect(await page.locator('h1').textContent()).toBe('Your cancellation is being confirmed')
    await pass(world, 5 * 60_000)
    await page.goto(`${world.publicUrl}/subscription/${uuid}/cancel`)
    expect(await page.locator('h1').textContent()).toBe('You have cancelled this subscription')
    await browser.close()
  })

  test('says what is wrong when a bill is not paid, or a price is too high', async () => {
    const uuid = await subscribe(world)
    await act(world, uuid, 'price', { price: 50 })
    await pass(world, 31 * DAY)
    expect(await read(`/subscription/${uuid}`)).toContain('A payment is above your maximum')
    await act(world, uuid, 'drain', { allowance: 1 })
    await act(world, uuid, 'raise-maximum', { maximum: 60 })
    expect(await read(`/subscription/${uuid}`)).toContain('A payment could not be taken')
    expect(await statusOf(world, uuid)).toBe('past_due')
  })

  test('asks for a refund of what was paid here, and of nothing else', async () => {
    const uuid = await subscribe(world)
    const { body } = await world.call('GET', `/v1/transaction/subscription/history/${uuid}`)
    const transaction = body[0].uuid.slice('sub-hist@'.length)
    expect((await send(`/subscription/${uuid}/refund`, { transaction, reason: '' })).status).toBe(422)
    expect((await send(`/subscription/${uuid}/refund`, { transaction: newId(), reason: 'Why not' })).status).toBe(404)
    expect((await send(`/subscription/${uuid}/refund`, { transaction, reason: 'Too bitter' })).status).toBe(303)
    expect(await read(`/subscription/${uuid}`)).toContain('Refund asked for')
    const path = `/v1/transaction/refunds/by-transaction/sub-hist@${transaction}`
    expect((await world.call('GET', path)).body).toMatchObject({ status: 'pending', reason: 'Too bitter' })
  })

  test('is nowhere for an id that nobody knows, or of another kind', async () => {
    const payment = await world.session()
    for (const [path, subject] of [
      [`subscription/${newId()}`, 'subscription'],
      ['subscription/nonsense', 'subscription'],
      [`subscription/${payment}`, 'subscription'],
      [`subscription/${newId()}/cancel`, 'subscription'],
      [`payment/${payment}`, 'payment'],
    ]) {
      const answer = await fetch(`${world.publicUrl}/${path}`)
      expect([answer.status, await answer.text()]).toEqual([
        404,
        expect.stringContaining(`This link leads to no ${subject}<`),
      ])
    }
    const refund = await send(`/payment/${newId()}/refund`, { reason: 'It leaks' })
    expect(refund).toMatchObject({ status: 404, text: expect.stringContaining('no payment that can be refunded') })
  })

  test('stays readable when the subscription is over', async () => {
    const uuid = await subscribe(world)
    await world.call('GET', `/v1/transaction/subscription/processing/force-cancel/${uuid}`)
    await pass(world, 5 * 60_000)
    const page = await read(`/subscription/${uuid}`)
    expect(page).toContain('This subscription has ended')
    for (const verb of ['top-up', 'maximum', 'confirm', 'cancel']) {
      const late = await send(`/subscription/${uuid}/${verb}`, { allowance: '5', maximum: '50' })
      expect([verb, late.status]).toEqual([verb, 303])
    }
    expect(page).not.toContain('Top up')
  })
})

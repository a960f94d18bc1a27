import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { PAYER, type Playground, reaches, startPlayground } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

interface Shown {
  readonly status: number
  readonly html: string
  readonly headers: Headers
  /** Where it leads, without the server's own address. */
  readonly location: string
}

async function open(path: string, form?: Record<string, string>): Promise<Shown> {
  const response = await fetch(`${world.publicUrl}/checkout/${path}`, {
    redirect: 'manual',
    ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
  })
  const location = (response.headers.get('location') ?? '').replace('/sandbox/qbitflow/checkout/', '')
  return { status: response.status, html: await response.text(), headers: response.headers, location }
}

describe('the pages of a checkout', () => {
  test('load nothing from elsewhere and cannot be framed', async () => {
    const { status, html, headers } = await open(await world.session())
    expect(status).toBe(200)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`default-src 'none'`)
    expect(policy).toContain(`frame-ancestors 'none'`)
    expect(policy).not.toContain('unsafe')
    const assets = [...html.matchAll(/(?:href|src)="(\/[^"]*assets[^"]*)"/g)].map((match) => match[1])
    expect(assets).toHaveLength(2)
    for (const asset of assets) {
      const response = await fetch(new URL(asset ?? '', world.publicUrl))
      expect(response.status).toBe(200)
      expect(response.headers.get('cache-control')).toContain('immutable')
    }
    expect(html).not.toMatch(/(?:href|src)="https?:/)
  })

  test('show what a shop wrote as text', async () => {
    await world.call('PUT', '/_sandbox/organization', { name: 'Alma & Söhne' })
    const { html } = await open(await world.session({ productName: `Tea & "Co"`.replaceAll('"', "'") }))
    expect(html).toContain('Tea &amp; &#39;Co&#39;')
    expect(html).toContain('Alma &amp; Söhne')
  })

  test('ask who pays, name what is wrong, and then hold a price', async () => {
    const uuid = await world.session()
    const refused = await open(uuid, { name: '', lastName: 'Lovelace', email: 'ada"@x', currencyId: '2' })
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('Enter your first name.')
    expect(refused.html).toContain('value="Lovelace"')
    expect(refused.html).toMatch(/value="2" checked/)
    const accepted = await open(uuid, { ...PAYER, currencyId: '2' })
    expect([accepted.status, accepted.location]).toEqual([303, `${uuid}/pay`])
    const { html } = await open(`${uuid}/pay`)
    const amount = /<strong class="amount">([\d.]+)</.exec(html)?.[1] ?? 'nothing'
    expect(html).toContain(`Pay ${amount} SOL`)
    expect(html).toContain('<svg')
    world.aheadMs = 9 * 60_000
    expect((await open(`${uuid}/pay`)).html).toContain(`Pay ${amount} SOL`)
    world.aheadMs = 11 * 60_000
    const stale = await open(`${uuid}/pay`)
    expect(stale.html).toMatch(/value="PAY" data-pay disabled/)
    expect((await open(`${uuid}/play`, { outcome: 'PAY' })).location).toBe(`${uuid}/pay`)
    expect((await open(uuid, { currencyId: '2' })).location).toBe(`${uuid}/pay`)
    expect((await open(`${uuid}/play`, { outcome: 'PAY' })).location).toBe(`${uuid}/status`)
    world.aheadMs = 0
  })

  test('keep what was chosen when the customer goes back to change it', async () => {
    const { body } = await world.call('POST', '/v1/transaction/session-checkout/new/subscription', {
      productName: 'Coffee club',
      description: 'Beans',
      price: 10,
      frequency: { value: 1, unit: 'months' },
    })
    const uuid = body.uuid.slice('sub@'.length)
    await open(uuid, { ...PAYER, currencyId: '2', periods: '7' })
    const { html } = await open(uuid)
    expect(html).toMatch(/name="periods"[^>]*value="7"/)
    expect(html).toMatch(/value="2" checked/)
    expect(html).toContain('value="Lovelace"')
  })

  test('are pages also where they refuse something', async () => {
    const uuid = await world.session()
    for (const [path, form, status, heading] of [
      [`${uuid}/play`, { outcome: 'STEAL' }, 400, 'This could not be done'],
      ['', undefined, 404, 'This link leads to no checkout'],
    ] as const) {
      const { headers, html, ...answer } = await open(path, form)
      expect([answer.status, headers.get('content-type')]).toEqual([status, expect.stringContaining('text/html')])
      expect(html).toContain(`<h1>${heading}</h1>`)
    }
  })

  test('lead back to the page that a form was sent from, when its address is opened again', async () => {
    const uuid = await world.session()
    for (const [path, page] of [
      [`checkout/${uuid}/play`, `checkout/${uuid}`],
      [`checkout/${uuid}/anything/else`, `checkout/${uuid}`],
      [`subscription/${uuid}/top-up`, `subscription/${uuid}`],
      [`payment/${uuid}/refund`, `payment/${uuid}`],
    ]) {
      const { status, headers } = await fetch(`${world.publicUrl}/${path}`, { redirect: 'manual' })
      expect([status, headers.get('location')]).toEqual([303, `/sandbox/qbitflow/${page}`])
    }
  })

  test('do not ask a customer whom the session names', async () => {
    const { body: customer } = await world.call('POST', '/v1/customer', { ...PAYER, email: 'page@example.com' })
    const uuid = await world.session({ customerUUID: customer.uuid })
    expect((await open(uuid)).html).not.toContain('E-mail address')
    await open(uuid, { currencyId: '1' })
    await open(`${uuid}/play`, { outcome: 'PAY' })
    await reaches(world, uuid, 'completed')
  })

  test('lead from a step that is not due to the one that is', async () => {
    const uuid = await world.session()
    for (const step of ['pay', 'status', 'receipt']) expect((await open(`${uuid}/${step}`)).location).toBe(uuid)
    expect((await open(`${uuid}/play`, { outcome: 'PAY' })).location).toBe(`${uuid}/pay`)
    expect((await open(`${uuid}/play`, { outcome: 'STEAL' })).status).toBe(400)
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    await reaches(world, uuid, 'completed')
    for (const step of ['pay', 'play']) {
      expect((await open(`${uuid}/${step}`, step === 'play' ? { outcome: 'PAY' } : undefined)).location).toBe(uuid)
    }
    expect((await open(uuid, { ...PAYER, currencyId: '1' })).location).toBe(uuid)
  })

  test('say clearly when a link is paid, expired, cancelled, failed or wrong', async () => {
    const paid = await world.session({ successUrl: 'https://shop.example/thanks?id={{UUID}}' })
    await world.play(paid, { outcome: 'PAY', customer: PAYER })
    await reaches(world, paid, 'completed')
    const already = await open(paid)
    expect(already.html).toContain('This checkout has already been paid')
    expect(already.html).toContain(`href="https://shop.example/thanks?id=pay%40${paid}"`)
    expect((await open(`${paid}/receipt`)).html).toContain('Payment received')

    const expired = await world.session()
    await world.play(expired, { outcome: 'EXPIRE' })
    const after = await open(expired)
    expect([after.status, after.html.includes('This checkout has expired')]).toEqual([410, true])

    const cancelled = await world.session()
    expect((await open(`${cancelled}/play`, { outcome: 'CANCEL' })).location).toBe(`${cancelled}/receipt`)
    expect((await open(cancelled)).html).toContain('Payment cancelled')

    const reverted = await world.session()
    await world.play(reverted, { outcome: 'FAIL', customer: PAYER })
    await reaches(world, reverted, 'failed')
    const again = await open(`${reverted}/pay`)
    expect(again.html).toContain('The payment did not go through. Nothing was taken. Try again.')
    expect(again.html).not.toContain('reverted')
    const failed = await world.session()
    await world.play(failed, { outcome: 'UNDERPAY', customer: PAYER })
    await reaches(world, failed, 'failed')
    expect((await open(failed)).location).toBe(`${failed}/pay`)
    const rest = await open(`${failed}/pay`)
    expect(rest.html).toMatch(/Send the rest[\s\S]*You paid too little[\s\S]*\$17\.99[\s\S]*\$2\.00\) is missing/)

    for (const link of [newId(), 'nonsense', `${newId()}/status`]) {
      const wrong = await open(link)
      expect([wrong.status, wrong.html.includes('This link leads to no checkout')]).toEqual([404, true])
    }
  })
})

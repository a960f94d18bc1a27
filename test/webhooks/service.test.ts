import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { tenantWebhookSecret } from '../../src/webhooks/signature.ts'
import { call, eventually, SECRET_KEY, type TestApp, testApp } from '../support/app.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { ITEM, refusals } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'
import { groupsOf, type Stage, stageOf, typesOf, verified } from './stage.ts'

let house: TestApp
let receiver: Receiver
let actor: Actor
let stage: Stage

beforeAll(async () => {
  house = await testApp()
  receiver = await openReceiver()
})

afterAll(async () => {
  await house.close()
  await receiver.close()
})

beforeEach(async () => {
  actor = await newTenant(house.app.db)
  stage = stageOf(house, actor)
  receiver.heard.length = 0
})

const row = (id: string) =>
  house.app.db.prisma.webhookEndpoint.findUniqueOrThrow({ where: { tenantId_id: { tenantId: actor.tenantId, id } } })

describe('an endpoint', () => {
  test('shows its secret once, and keeps it encrypted', async () => {
    const { app } = house
    const input = { url: receiver.url, kind: 'EVENT' }
    const first = await app.webhooks.create(call(actor, 'k'), input)
    const again = await app.webhooks.create(call(actor, 'k'), input)
    expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(again).toEqual({ id: first.id, replayed: true })
    const bytes = Buffer.from((first.secret ?? '').slice(6), 'base64')
    const { secret } = await row(first.id)
    expect(Buffer.from(secret).includes(bytes) || Buffer.from(secret).includes('whsec_')).toBe(false)
    const events = await app.db.prisma.event.findMany({ where: { entityId: first.id } })
    expect(events.map(({ type }) => type)).toEqual(['webhook_endpoint.created'])
    expect(JSON.stringify(events.map(({ payload }) => payload))).not.toContain('whsec_')
  })

  test.each<[string, object, string[]]>([
    ['nothing', {}, ['REQUIRED url', 'REQUIRED kind']],
    ['no address', { url: 'shop.example', kind: 'EVENT' }, ['INVALID url']],
    ['another protocol', { url: 'ftp://shop.example', kind: 'EVENT' }, ['INVALID url']],
    ['a password in the address', { url: 'https://a:b@shop.example', kind: 'EVENT' }, ['INVALID url']],
    ['a long address', { url: `https://shop.example/${'a'.repeat(2_048)}`, kind: 'EVENT' }, ['TOO_LONG url']],
    [
      'an unknown type',
      { url: 'https://a.example', kind: 'EVENT', types: ['payment.completed', 'x'] },
      ['INVALID types.1'],
    ],
    [
      'a type that is never sent',
      { url: 'https://a.example', kind: 'EVENT', types: ['webhook_endpoint.disabled'] },
      ['INVALID types.0'],
    ],
    [
      'types for a hook',
      { url: 'https://a.example', kind: 'PREFLIGHT', types: ['payment.completed'] },
      ['INVALID types'],
    ],
  ])('is not made of %s', async (_name, input, problems) => {
    expect(await refusals(house.app.webhooks.create(call(actor), input))).toEqual(problems)
  })

  test('has an https address in live mode', async () => {
    const live = { ...actor, mode: 'LIVE' as const }
    const make = (url: string) => house.app.webhooks.create(call(live), { url, kind: 'EVENT' })
    expect(await refusals(make('http://shop.example'))).toEqual(['INVALID url'])
    const { id } = await make('https://shop.example')
    const change = { id: encodeId('WebhookEndpoint', id), url: 'http://shop.example' }
    expect(await refusals(house.app.webhooks.update(call(live), change))).toEqual(['INVALID url'])
  })

  test('is one of at most 16 and 2, also for those who come at the same moment', async () => {
    const make = (kind: string) => house.app.webhooks.create(call(actor), { url: 'https://shop.example', kind })
    const made = await Promise.allSettled(Array.from({ length: 20 }, () => make('EVENT')))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(16)
    const [first] = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all([make('PREFLIGHT'), make('PREFLIGHT')])
    expect(await refusals(make('PREFLIGHT'))).toEqual(['OUT_OF_RANGE kind'])
    await house.app.webhooks.remove(call(actor), { id: encodeId('WebhookEndpoint', first?.id ?? '') })
    expect(await make('EVENT')).toMatchObject({ replayed: false })
  })

  test('is changed in what is given, and nothing else', async () => {
    const { id, uuid } = await stage.endpoint('https://shop.example', {
      types: ['payment.completed', 'payment.completed'],
    })
    expect((await row(uuid)).types).toEqual(['payment.completed'])
    await house.app.webhooks.update(call(actor), { id, url: 'https://other.example' })
    expect(await row(uuid)).toMatchObject({ url: 'https://other.example/', types: ['payment.completed'], active: true })
    await house.app.webhooks.update(call(actor), { id, types: [], active: false })
    expect(await row(uuid)).toMatchObject({ types: [], active: false })
  })

  test('that is unknown, deleted or of another tenant is not found', async () => {
    const { webhooks } = house.app
    const { id } = await stage.endpoint('https://shop.example')
    const other = await newTenant(house.app.db)
    const verbs = [webhooks.update, webhooks.remove, webhooks.rotate]
    for (const verb of verbs) expect(await refusals(verb(call(other), { id }))).toEqual(['NOT_FOUND id'])
    await webhooks.remove(call(actor), { id })
    for (const verb of verbs) expect(await refusals(verb(call(actor), { id }))).toEqual(['NOT_FOUND id'])
    for (const wrong of ['whe_x', encodeId('Customer', newId()), ''])
      expect(await refusals(webhooks.rotate(call(actor), { id: wrong }))).toEqual(['NOT_FOUND id'])
    expect(await refusals(webhooks.redeliver(call(actor), { endpointId: id }))).toEqual(['NOT_FOUND endpointId'])
  })
})

describe('a rotation', () => {
  test('leaves no message unproven, missing or out of order, whichever secret the receiver has that day', async () => {
    const { id, secret: old } = await stage.endpoint(receiver.url)
    let known = old
    const failures: unknown[] = []
    receiver.answer = (heard, outgoing) => {
      try {
        verified(heard, known)
      } catch (error) {
        failures.push(error)
      }
      outgoing.writeHead(204).end()
    }
    const customers = await Promise.all(Array.from({ length: 10 }, () => stage.customer()))
    const renameAll = async (name: string) => {
      await Promise.all(customers.map((customer) => stage.rename(customer.id, name)))
    }
    const renames = (async () => {
      for (const name of ['One', 'Two', 'Three', 'Four']) await renameAll(name)
    })()
    const { secret: renewed = '' } = await house.app.webhooks.rotate(call(actor), { id })
    expect(renewed).not.toBe(old)
    await renames
    await stage.over()
    known = renewed
    await renameAll('Five')
    await stage.over()
    expect(failures).toEqual([])

    const messages = receiver.heard.map(({ body }) => JSON.parse(body))
    expect(messages).toHaveLength(60)
    for (const sent of groupsOf(messages, ({ entity }) => entity.id)) {
      expect(sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6])
    }
    const last = receiver.heard.at(-1)
    if (last) verified(last, old, renewed)
  })

  test('ends the old secret after a day on the tenant’s clock', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(204).end()
    const { id, secret: old } = await stage.endpoint(receiver.url)
    const { secret: renewed = '' } = await house.app.webhooks.rotate(call(actor), { id })
    await stage.turn(24 * 60 - 1)
    await stage.customer()
    await stage.over()
    await stage.turn(2)
    await stage.customer()
    await stage.over()
    const [before, after] = receiver.heard
    if (!before || !after) throw new Error('two were expected')
    verified(before, old, renewed)
    verified(after, renewed)
    expect(() => verified(after, old)).toThrow('No matching signature found')
  })
})

describe('a redelivery', () => {
  test('sends one again under its own id, its earlier tries still listed', async () => {
    await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.over()
    const { id } = await stage.only()
    await house.app.webhooks.redeliver(call(actor), { deliveryId: encodeId('WebhookDelivery', id) })
    await eventually(async () => receiver.heard.length === 2)
    await stage.over()
    expect(await stage.only()).toMatchObject({ status: 'DELIVERED', tries: 1, attempts: [{}, {}] })
    expect(receiver.heard[0]?.body).toBe(receiver.heard[1]?.body)
  })

  test('sends all since a cursor, also from before the endpoint, of its types and in order', async () => {
    const { id: customer } = await stage.customer()
    for (const name of ['Two', 'Three', 'Four']) await stage.rename(customer, name)
    const { id } = await stage.endpoint(receiver.url, { types: ['customer.updated'] })
    await stage.rename(customer, 'Five')
    await stage.over()
    expect(receiver.heard).toHaveLength(1)
    const { cursor } = JSON.parse(receiver.heard[0]?.body ?? '')
    receiver.heard.length = 0

    const all = await house.app.webhooks.redeliver(call(actor), { endpointId: id })
    await eventually(async () => receiver.heard.length === 4)
    await stage.over()
    expect(typesOf(receiver)).toEqual(Array.from({ length: 4 }, () => 'customer.updated'))
    expect(receiver.heard.map(({ body }) => JSON.parse(body).sequence)).toEqual([2, 3, 4, 5])
    expect(all).toMatchObject({ id: (await stage.deliveries())[0]?.id, next: undefined })

    await house.app.webhooks.redeliver(call(actor), { endpointId: id, since: cursor })
    await stage.settle()
    expect(receiver.heard).toHaveLength(4)
  })

  test('takes a delivery or an endpoint that hears, and the cursor of an event', async () => {
    const { id } = await stage.endpoint(receiver.url)
    const hook = await stage.endpoint(receiver.url, { kind: 'PREFLIGHT' })
    const deliveryId = encodeId('WebhookDelivery', newId())
    const again = (input: object) => refusals(house.app.webhooks.redeliver(call(actor), input))
    expect(await again({})).toEqual(['REQUIRED deliveryId'])
    expect(await again({ deliveryId, endpointId: id })).toEqual(['REQUIRED deliveryId'])
    expect(await again({ deliveryId })).toEqual(['NOT_FOUND deliveryId'])
    await stage.customer()
    const theirs = { deliveryId: encodeId('WebhookDelivery', (await stage.only()).id) }
    const stranger = call(await newTenant(house.app.db))
    for (const input of [theirs, { endpointId: id }])
      expect(await refusals(house.app.webhooks.redeliver(stranger, input))).toEqual([`NOT_FOUND ${Object.keys(input)}`])
    expect(await again({ endpointId: id, since: 'x' })).toEqual(['INVALID since'])
    expect(await again({ endpointId: hook.id })).toEqual(['INVALID_STATE endpointId'])
    await house.app.webhooks.update(call(actor), { id, active: false })
    expect(await again({ endpointId: id })).toEqual(['INVALID_STATE endpointId'])
  })
})

describe('a checkout with an address of its own', () => {
  test('has its events and those of its payment sent there, signed with the tenant’s secret', async () => {
    const owner = await house.actor()
    const own = stageOf(house, owner)
    const { app } = house
    const { id } = await app.checkouts.create(call(owner), { kind: 'PAYMENT', item: ITEM, webhookUrl: receiver.url })
    await app.checkouts.create(call(owner), { kind: 'PAYMENT', item: ITEM })
    await app.checkouts.cancel(call(owner), { id: encodeId('Checkout', id) })
    await own.over()
    expect(typesOf(receiver)).toEqual(['checkout.created', 'checkout.opened', 'checkout.cancelled'])
    const secret = app.webhooks.checkoutSecret(owner.tenantId)
    for (const heard of receiver.heard) verified(heard, secret)
    expect(secret).toBe(tenantWebhookSecret(SECRET_KEY, owner.tenantId))
    expect(secret).not.toBe(app.webhooks.checkoutSecret(actor.tenantId))
    const deliveries = await own.deliveries()
    expect(deliveries.map(({ checkoutId, endpointId }) => [checkoutId, endpointId])).toEqual([
      [id, null],
      [id, null],
      [id, null],
    ])
  })
})

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import type { Done } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually, openApp } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { ADA, openShop, refusals, type Shop } from '../support/shop.ts'
import { type Subscriber, subscriberOf } from '../support/subscriber.ts'
import { type Wire, wireTo } from '../support/wire.ts'

/** What is done at a provider under an idempotency key, when the request is cut off on its way there or back. */

let shop: Shop
let gym: Subscriber
/** Another node, which is asked again when the first does not answer. */
let other: App
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  gym = subscriberOf(shop)
  other = await openApp(shop.databaseUrl, { clock: shop.clock })
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(() => wire.close())
afterAll(async () => {
  await other.close()
  await shop.close()
})

/** An act: how it is asked for, where at the provider, and how often it was done there. */
interface Act {
  readonly path: string
  ask(app: App, key: string): Promise<Done>
  times(): Promise<number>
}

async function documents(kind: string, condition: string, values: unknown[]): Promise<Record<string, string>[]> {
  const text = `SELECT body FROM sandbox_document WHERE kind = '${kind}' AND ${condition}`
  const { rows } = await shop.app.db.pool.query<{ body: Record<string, string> }>(text, values)
  return rows.map(({ body }) => body)
}

const ACTS: Record<string, () => Promise<Act>> = {
  async 'a payment of a checkout'() {
    const { id } = await shop.open()
    const { externalId } = await shop.checkout(id)
    const input = { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA }
    return {
      path: '/sessions/',
      ask: (app, key) => app.checkouts.simulate(call(shop.owner, key, input), input),
      async times() {
        await shop.pass({ seconds: 5 })
        return (await documents('payment', 'id = $1', [externalId])).length
      },
    }
  },
  async 'more money for a subscription'() {
    const { id, externalId } = await gym.subscribe()
    const allowance = async () =>
      Number((await documents('subscription', 'id = $1', [externalId?.replace(/^.*@/, '')]))[0]?.allowance)
    const before = await allowance()
    const input = { id: encodeId('Subscription', id), action: 'TOP_UP', amount: { amount: '50', currency: 'USD' } }
    return {
      path: '/subscriptions/',
      ask: (app, key) => app.subscriptions.simulate(call(shop.owner, key, input), input),
      async times() {
        await shop.pass({ seconds: 15 })
        return ((await allowance()) - before) / 50
      },
    }
  },
  async 'a request for a refund'() {
    const { id, externalId } = await refundDesk(shop).paid()
    const input = { paymentId: encodeId('Payment', id), reason: 'It broke' }
    return {
      path: '/refunds',
      ask: (app, key) => app.refunds.request(call(shop.owner, key, input), input),
      times: async () => (await documents('refund', `body->>'transaction' = $1`, [externalId])).length,
    }
  },
  async 'a fault'() {
    const input = { provider: 'QBITFLOW', kind: 'SERVER_ERROR', operation: 'GET /nowhere' }
    return {
      path: '/faults',
      ask: (app, key) => app.faults.inject(call(shop.owner, key, input), input),
      times: async () => (await shop.app.faults.list(shop.owner, 'QBITFLOW')).length,
    }
  },
}

const isControl = (path: string, { path: wanted }: Act) => path.includes(`/_sandbox${wanted}`)

describe.each(Object.entries(ACTS))('%s', (name, prepare) => {
  test('that did not reach the provider is done by a repeat, and not again by the first request', async () => {
    const act = await prepare()
    const key = `unheard ${name}`
    wire.fault = ({ path, method }) => (method === 'POST' && isControl(path, act) ? 'held' : undefined)
    const first = act.ask(shop.app, key)
    await eventually(async () => wire.requests.some(({ path, method }) => method === 'POST' && isControl(path, act)))
    wire.fault = undefined
    const again = await act.ask(other, key)
    expect(again.replayed).toBe(false)
    expect(await act.times()).toBe(1)
    wire.letGo()
    expect((await first).id).toBe(again.id)
    expect(await act.times()).toBe(1)
    expect(await act.ask(other, key)).toMatchObject({ id: again.id, replayed: true })
    await shop.app.faults.clear(call(shop.owner), { provider: 'QBITFLOW' })
  })

  test('whose answer was lost is done once, and a repeat answers for it', async () => {
    const act = await prepare()
    const key = `lost ${name}`
    wire.fault = ({ path, method }) => (method === 'POST' && isControl(path, act) ? 'answer lost' : undefined)
    expect(await refusals(act.ask(shop.app, key))).toEqual(['PROVIDER_UNAVAILABLE'])
    expect(await act.times()).toBe(1)
    // That the provider would not hear a repeat says nothing of the first request.
    wire.fault = ({ path, method }) => (method === 'POST' && isControl(path, act) ? { status: 429 } : undefined)
    expect(await refusals(act.ask(shop.app, key))).toEqual(['PROVIDER_UNAVAILABLE'])
    wire.fault = undefined
    const again = await act.ask(shop.app, key)
    expect(again.replayed).toBe(false)
    expect(await act.times()).toBe(1)
    expect(await act.ask(other, key)).toMatchObject({ id: again.id, replayed: true })
    await shop.app.faults.clear(call(shop.owner), { provider: 'QBITFLOW' })
  })
})

describe('a bill at once', () => {
  const bill = (app: App, id: string, key: string) => {
    const input = { id: encodeId('Subscription', id) }
    return app.subscriptions.executeTestBilling(call(shop.owner, key, input), input)
  }
  const hold = () => {
    wire.fault = ({ path }) => (path.includes('execute-billing') ? 'held' : undefined)
  }

  test('that was not asked for is asked for by a repeat, and there is one', async () => {
    const { id } = await gym.subscribe()
    await shop.control('/organization', { earlyTestBilling: true })
    hold()
    const first = bill(shop.app, id, 'unasked')
    await eventually(async () => wire.requests.some(({ path }) => path.includes('execute-billing')))
    wire.fault = undefined
    expect(await bill(other, id, 'unasked')).toMatchObject({ replayed: false, problems: [] })
    wire.letGo()
    await first
    await shop.pass({ seconds: 30 })
    await gym.billed(id, 2)
    expect(await bill(other, id, 'unasked')).toMatchObject({ replayed: true })
    expect((await gym.billings(id)).map(({ trigger }) => trigger)).toEqual(['AUTO', 'MANUAL'])
    expect(await gym.postings(id)).toBe(2)
  })
})

describe('a reset of the sandbox', () => {
  test('that was cut off half way is finished by a repeat', async () => {
    const { id } = await shop.open()
    const input = { provider: 'QBITFLOW' }
    const reset = () => shop.app.sandbox.reset(call(shop.owner, 'reset', input), input)
    wire.fault = ({ path }) => (path.includes('/_sandbox/reset') ? 'answer lost' : undefined)
    expect(await refusals(reset())).toEqual(['PROVIDER_UNAVAILABLE'])
    expect((await shop.checkout(id)).status).toBe('OPEN')
    wire.fault = undefined
    expect(await reset()).toMatchObject({ replayed: false })
    expect((await shop.checkout(id)).status).toBe('EXPIRED')
    expect(await reset()).toMatchObject({ replayed: true })
  })
})

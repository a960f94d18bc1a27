import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
})
afterAll(() => door.close())

const CREATE = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
  checkout { id kind frequency { value unit seconds } trialPeriod { value unit } minPeriods freeCredits payment { id } subscription { id } }
  userErrors { code field } } }`
const PLAY = `mutation ($id: ID!) { simulateCheckout(input: { checkoutId: $id, outcome: PAY,
  customer: { name: "Ada", lastName: "Byron", email: "ada@example.com" } }) { userErrors { code message } } }`
const ITEM = { name: 'Gym', description: 'As often as you like', price: { amount: '10.00', currency: 'USD' } }
const MONTHLY = { value: 1, unit: 'MONTHS' }

async function subscribe(input: object = { kind: 'SUBSCRIPTION' }): Promise<{ checkoutId: string; id: string }> {
  const wanted = { idempotencyKey: crypto.randomUUID(), item: ITEM, frequency: MONTHLY, ...input }
  const { data } = await ask(CREATE, { input: wanted })
  const checkoutId = data.createCheckout.checkout.id
  expect((await ask(PLAY, { id: checkoutId })).data.simulateCheckout.userErrors).toEqual([])
  const id = await eventually(async () => {
    const found = await ask('query ($id: ID!) { checkout(by: { id: $id }) { subscription { id completedCycles } } }', {
      id: checkoutId,
    })
    const { subscription } = found.data.checkout
    return subscription?.id
  })
  return { checkoutId, id }
}

describe('a subscription', () => {
  test('is created with its terms, and shows them, its bills, payments and history', async () => {
    const terms = { trialPeriod: { value: 0, unit: 'DAYS' }, minPeriods: 3 }
    const wanted = { idempotencyKey: 'k1', kind: 'SUBSCRIPTION', item: ITEM, frequency: MONTHLY, ...terms }
    const { data } = await ask(CREATE, { input: wanted })
    expect(data.createCheckout).toMatchObject({
      userErrors: [],
      checkout: {
        kind: 'SUBSCRIPTION',
        frequency: { value: 1, unit: 'MONTHS', seconds: '2592000' },
        trialPeriod: null,
        minPeriods: 3,
        freeCredits: null,
        payment: null,
        subscription: null,
      },
    })
    const { id, checkoutId } = await subscribe()
    const shown = await eventually(async () => {
      const answer = await ask(
        `query ($id: ID!) { subscription(by: { id: $id }) { status usage description price { amount } frequency { value unit }
           customer { email } checkout { id } items { quantity } stopped completedCycles allowance { currency }
           nextBillingAt(timezone: "Asia/Yangon") cancelledAt
           billings { totalCount edges { node { sequence status trigger amount { amount } payment { id source subscription { id } billing { id } } } } }
           payments(first: 5) { edges { node { id checkout { id } } } } timeline { type } } }`,
        { id },
      )
      expect(answer.errors).toBeUndefined()
      return answer.data.subscription.completedCycles === 1 && answer.data.subscription
    })
    expect(shown).toMatchObject({
      status: 'ACTIVE',
      usage: 'LICENSED',
      description: 'Gym',
      price: { amount: '10.00' },
      frequency: MONTHLY,
      customer: { email: 'ada@example.com' },
      checkout: { id: checkoutId },
      items: [],
      stopped: false,
      allowance: { currency: 'USD' },
      nextBillingAt: expect.stringMatching(/\+06:30$/),
      cancelledAt: null,
    })
    expect(shown.billings.totalCount).toBe(1)
    const [{ node: bill }] = shown.billings.edges
    expect(bill).toMatchObject({ sequence: 1, status: 'COMPLETED', trigger: 'AUTO', amount: { amount: '10.00' } })
    expect(bill.payment).toMatchObject({ source: 'SUBSCRIPTION', subscription: { id } })
    expect(shown.payments.edges).toEqual([{ node: { id: bill.payment.id, checkout: null } }])
    expect(shown.timeline[0]).toEqual({ type: 'subscription.created' })
  })

  test('has a status page for its checkout, for itself, and for each bill and payment, open to everybody', async () => {
    const { id, checkoutId } = await subscribe()
    const { data } = await eventually(async () => {
      const answer = await ask(
        'query ($id: ID!) { subscription(by: { id: $id }) { billings { edges { node { id payment { id } } } } } }',
        { id },
      )
      return answer.data.subscription.billings.edges.length === 1 && answer
    })
    const { node: bill } = data.subscription.billings.edges[0]
    const status = async (of: string) =>
      (
        await door.asking(undefined)('query ($id: ID!) { transactionStatus(id: $id) { id type state final } }', {
          id: of,
        })
      ).data.transactionStatus
    expect(await status(checkoutId)).toEqual({
      id: checkoutId,
      type: 'CREATE_SUBSCRIPTION',
      state: 'COMPLETED',
      final: true,
    })
    expect(await status(id)).toEqual({ id, type: 'CREATE_SUBSCRIPTION', state: 'COMPLETED', final: false })
    for (const of of [bill.id, bill.payment.id]) {
      expect(await status(of)).toEqual({ id: of, type: 'EXECUTE_SUBSCRIPTION', state: 'COMPLETED', final: true })
    }
    const ended = await ask(
      `mutation ($id: ID!) { forceCancelSubscription(input: { subscriptionId: $id }) { userErrors { code } } }`,
      { id },
    )
    expect(ended.data.forceCancelSubscription.userErrors).toEqual([])
    expect(await status(id)).toMatchObject({ type: 'CANCEL_SUBSCRIPTION' })
    await eventually(async () => {
      await door.app.subscriptions.resolveDue()
      return (await status(id)).state === 'COMPLETED'
    })
    expect(await status(id)).toEqual({ id, type: 'CANCEL_SUBSCRIPTION', state: 'COMPLETED', final: true })
  })

  test('is cancelled by its customer alone: the answer is their page', async () => {
    const { id } = await subscribe()
    const managed = '{ subscription(by: { id: "ID" }) { managementUrl } }'.replace('ID', id)
    await eventually(async () => (await ask(managed)).data.subscription.managementUrl)
    const { data } = await ask(
      `mutation ($id: ID!) { cancelSubscription(input: { subscriptionId: $id }) { url subscription { status managementUrl } userErrors { code } } }`,
      { id },
    )
    const { url, subscription, userErrors } = data.cancelSubscription
    expect(userErrors).toEqual([])
    expect(url).toMatch(/^http/)
    expect(subscription).toEqual({ status: 'ACTIVE', managementUrl: url })
  })

  test('is read by the client secret of its checkout, but for what concerns the merchant', async () => {
    const { id, checkoutId } = await subscribe()
    const row = await door.app.db.prisma.subscription.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
    expect(encodeId('Subscription', row.id)).toBe(id)
    const { data, errors } = await door.asking(door.app.checkouts.clientSecret(row.checkoutId ?? ''))(
      'query ($id: ID!) { checkout(by: { id: $id }) { subscription { id status customer { id } } } }',
      { id: checkoutId },
    )
    expect(data.checkout.subscription).toMatchObject({ id, status: 'ACTIVE', customer: null })
    expect(errors?.map(({ path }) => path?.at(-1))).toEqual(['customer'])
  })
})

describe('a subscription by usage', () => {
  test('counts what is reported, as an exact decimal', async () => {
    const { id } = await subscribe({ kind: 'PAY_AS_YOU_GO', freeCredits: '5.00' })
    const report = (units: string, idempotencyKey: string) =>
      ask(
        `mutation ($input: ReportUsageInput!) { reportUsage(input: $input) { replayed userErrors { code field }
           subscription { usage unitsThisPeriod freeCredits maxSpendingPerPeriod { amount } } } }`,
        { input: { subscriptionId: id, units, idempotencyKey } },
      )
    await report('0.1', 'a')
    const { data } = await report('0.2', 'b')
    expect(data.reportUsage).toEqual({
      replayed: false,
      userErrors: [],
      subscription: {
        usage: 'METERED',
        unitsThisPeriod: '0.3',
        freeCredits: '5.00',
        maxSpendingPerPeriod: { amount: '100.00' },
      },
    })
    expect((await report('0.2', 'b')).data.reportUsage).toMatchObject({ replayed: true })
    expect((await report('-1', 'c')).data.reportUsage).toMatchObject({
      subscription: null,
      userErrors: [{ code: 'OUT_OF_RANGE', field: ['units'] }],
    })
  })
})

test('subscriptions are listed by what they are, and pages of them stand on their own', async () => {
  const count = async (filter: string) =>
    (await ask(`{ subscriptions(filter: ${filter}) { totalCount } }`)).data.subscriptions.totalCount
  expect(await count('{ usage: METERED }')).toBe(1)
  expect(await count('{ usage: LICENSED, status: [CANCELLED] }')).toBe(1)
  expect(await count('{ status: [PAST_DUE] }')).toBe(0)
  expect(await count('{ customerId: "cust_1" }')).toBe(0)
  const { data } = await ask('{ providers { capabilities } }')
  expect(data.providers[0].capabilities).toEqual(expect.arrayContaining(['SUBSCRIPTIONS', 'PAY_AS_YOU_GO']))
})

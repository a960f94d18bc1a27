import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { apiKeys, PROVIDER, users } from '../../../src/sandbox/qbitflow/documents.ts'
import { hashOf } from '../../../src/sandbox/qbitflow/keys.ts'
import { inTransaction } from '../../../src/sandbox/store.ts'
import { eventually } from '../../support/app.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

const NOT_FOUND = { status: 404, body: { error: 'resource not found' } }

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const statusOf = (query: string) => world.call('GET', `/v1/transaction/status?${query}`, undefined, null)

async function pay(outcome: string, more: object = {}): Promise<string> {
  const uuid = await world.session()
  await world.play(uuid, { outcome, currencySymbol: 'USDC', customer: PAYER, ...more })
  return uuid
}

describe('a payment', () => {
  test('goes from created over waitingConfirmation to completed, and can be read from then on', async () => {
    const world = await startPlayground(BY_THE_CLOCK)
    const uuid = await world.session()
    const statusOf = (query: string) => world.call('GET', `/v1/transaction/status?${query}`, undefined, null)
    const query = `txUUID=pay@${uuid}&txType=payment`
    expect(await statusOf(query)).toEqual(NOT_FOUND)
    expect(await world.play(`pay@${uuid}`, { outcome: 'PAY', currencySymbol: 'usdc', customer: PAYER })).toEqual({
      status: 200,
      body: { status: 'created' },
    })
    expect((await statusOf(query)).body).toEqual({ status: 'created', txHash: '', type: 'payment' })
    expect(await world.call('GET', `/v1/transaction/payment/${uuid}`)).toEqual(NOT_FOUND)
    expect(await world.call('GET', `/v1/transaction/customer/${uuid}`)).toEqual(NOT_FOUND)
    await world.passMinute()
    const { body: waiting } = await statusOf(query)
    expect(waiting.status).toBe('waitingConfirmation')
    expect(waiting.txHash).toMatch(/^0x[0-9a-f]{64}$/)
    await world.passMinute()
    const { body: completed } = await statusOf(query)
    expect(completed.status).toBe('completed')
    expect(completed.txHash).toBe(waiting.txHash)

    const { body: payment } = await world.call('GET', `/v1/transaction/payment/pay@${uuid}`)
    expect(payment).toMatchObject({
      uuid: `pay@${uuid}`,
      name: 'Espresso machine',
      description: 'Two boilers, one lever',
      amount: 19.99,
      currencyId: 4,
      currency: { symbol: 'USDC', decimals: 6 },
      test: true,
      transactionHash: completed.txHash,
    })
    const { body: customer } = await world.call('GET', `/v1/transaction/customer/pay%40${uuid}`)
    expect(customer).toMatchObject({ ...PAYER, uuid: payment.customerUUID })
    const { body: session } = await world.call('GET', `/v1/transaction/session-checkout/${uuid}`)
    expect(session.customerUUID).toBe(payment.customerUUID)
    await world.close()
  })

  test('is split between platform and merchant to the cent and to the minor unit', async () => {
    const uuid = await pay('PAY', { currencySymbol: 'ETH' })
    await reaches(world, uuid, 'completed')
    const { body } = await world.call('GET', `/v1/transaction/payment/${uuid}`)
    const { feeBps, organizationFee, txAmounts, txMetadata } = body.metadata
    expect([feeBps, organizationFee, txAmounts.usd]).toEqual([150, null, { platform: 0.3, merchant: 19.69 }])
    const parts = Object.values(txAmounts.minUnits as Record<string, string>).map(BigInt)
    expect(parts.reduce((sum, part) => sum + part).toString()).toBe(body.amountMinUnits)
    expect(txMetadata.blockData.number).toMatch(/^\d+$/)
  })

  test('finds the customer by e-mail address, or makes one', async () => {
    const first = await pay('PAY', { customer: { ...PAYER, email: 'grace@example.com' } })
    await reaches(world, first, 'completed')
    const second = await pay('PAY', { customer: { name: 'G', lastName: 'H', email: 'grace@example.com' } })
    await reaches(world, second, 'completed')
    const [a, b] = await Promise.all(
      [first, second].map((uuid) => world.call('GET', `/v1/transaction/customer/${uuid}`)),
    )
    expect(a?.body).toEqual(b?.body)
    expect(a?.body.name).toBe('Ada')
  })

  test('belongs to the customer that the session names, who is not asked again', async () => {
    const { body: customer } = await world.call('POST', '/v1/customer', { ...PAYER, email: 'known@example.com' })
    const uuid = await world.session({ customerUUID: customer.uuid })
    expect((await world.play(uuid, { outcome: 'PAY', currencyId: 2 })).status).toBe(200)
    await reaches(world, uuid, 'completed')
    expect((await world.call('GET', `/v1/transaction/customer/${uuid}`)).body).toEqual(customer)
  })

  test.each([
    ['CANCEL', 'cancelled'],
    ['EXPIRE', 'expired'],
  ] as const)('that is to %s ends as %s, is no payment and stays so', async (outcome, status) => {
    const uuid = await pay(outcome)
    const { body } = await reaches(world, uuid, status)
    expect(body).toEqual({ status, txHash: '', type: 'payment' })
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).status).toBe(404)
    expect(await world.play(uuid, { outcome: 'PAY', customer: PAYER })).toEqual({
      status: 409,
      body: { error: `the session is already ${status}` },
    })
  })

  test('that is to FAIL is no payment and can be tried again, until the session is paid', async () => {
    const uuid = await pay('FAIL')
    const { body: first } = await reaches(world, uuid, 'failed')
    expect(first.message).toMatch(/reverted/)
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).status).toBe(404)
    expect((await world.play(uuid, { outcome: 'PAY', customer: PAYER })).status).toBe(200)
    const { body: second } = await reaches(world, uuid, 'completed')
    expect(second.txHash).not.toBe(first.txHash)
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).body.amount).toBe(19.99)
    expect((await world.play(uuid, { outcome: 'PAY' })).status).toBe(409)
  })

  test('of which a part came in keeps that when the attempt to pay the rest fails', async () => {
    const uuid = await pay('UNDERPAY')
    await reaches(world, uuid, 'failed')
    expect((await world.play(uuid, { outcome: 'FAIL' })).status).toBe(200)
    const reverted = async () =>
      /reverted/.test(
        (await world.call('GET', `/v1/transaction/status?txUUID=pay@${uuid}&txType=payment`)).body.message,
      )
    await eventually(reverted)
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).body.amount).toBe(17.99)
    await world.play(uuid, { outcome: 'PAY' })
    await reaches(world, uuid, 'completed')
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).body.amount).toBe(19.99)
  })

  test('that is too small fails, shows what came in and from whom, and completes with the rest', async () => {
    const uuid = await pay('UNDERPAY')
    const { body: status } = await reaches(world, uuid, 'failed')
    expect(status.message).toMatch(/^underpaid: received [\d.]+ of [\d.]+ USDC$/)
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).body.amount).toBe(17.99)
    expect((await world.call('GET', `/v1/transaction/customer/${uuid}`)).body).toMatchObject(PAYER)
    expect((await world.play(uuid, { outcome: 'CANCEL' })).status).toBe(409)
    expect((await world.play(uuid, { outcome: 'PAY' })).status).toBe(200)
    await reaches(world, uuid, 'completed')
    const { body: payment } = await world.call('GET', `/v1/transaction/payment/${uuid}`)
    expect([payment.amount, payment.metadata.txAmounts.usd]).toEqual([19.99, { platform: 0.3, merchant: 19.69 }])
    expect((await world.play(uuid, { outcome: 'PAY' })).status).toBe(409)
  })

  test('that fails leaves who tried in the session, to its owner', async () => {
    const uuid = await pay('FAIL')
    await reaches(world, uuid, 'failed')
    expect((await world.call('GET', `/v1/transaction/customer/${uuid}`)).status).toBe(404)
    const { body } = await world.call('GET', `/v1/transaction/session-checkout/${uuid}`)
    expect((await world.call('GET', `/v1/customer/uuid/${body.customerUUID}`)).body).toMatchObject(PAYER)
  })

  test('that is too large completes with what was sent', async () => {
    const uuid = await pay('OVERPAY')
    await reaches(world, uuid, 'completed')
    const { body } = await world.call('GET', `/v1/transaction/payment/${uuid}`)
    expect(body.amount).toBe(21.98)
    expect(body.metadata.txAmounts.usd).toEqual({ platform: 0.33, merchant: 21.65 })
  })

  test('is made by exactly one of many payers at the same moment', async () => {
    const uuid = await world.session()
    const payers = Array.from({ length: 6 }, (_, index) =>
      world.play(uuid, { outcome: 'PAY', customer: { ...PAYER, email: `payer${index}@example.com` } }),
    )
    const answers = await Promise.all(payers)
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    await reaches(world, uuid, 'completed')
  })

  test('wants a known outcome, coin and customer', async () => {
    const uuid = await world.session()
    const fieldsOf = async (body: object) =>
      (await world.play(uuid, body)).body.errors.map((error: { field: string }) => error.field)
    expect(await fieldsOf({ outcome: 'STEAL', currencySymbol: 'DOGE', customer: 'me' })).toEqual([
      'Outcome',
      'CurrencySymbol',
      'Customer',
    ])
    expect(await fieldsOf({ outcome: 'PAY', currencyId: 99 })).toEqual(['CurrencyId'])
    expect(await fieldsOf({ outcome: 'PAY' })).toEqual(['Name', 'LastName', 'Email'])
    expect(await world.play(newId(), { outcome: 'PAY' })).toEqual(NOT_FOUND)
  })
})

describe('GET /transaction/status', () => {
  test('takes every spelling of its parameters, from anybody', async () => {
    const uuid = await pay('CANCEL')
    for (const query of [
      `txUUID=${uuid}&txType=payment`,
      `transactionUUID=pay@${uuid}&transactionStatusType=payment`,
      `transactionUUID=pay%40${uuid}&transactionType=payment`,
    ]) {
      expect((await statusOf(query)).body.status).toBe('cancelled')
    }
  })

  test('names what is missing or unknown, and finds nothing of another type', async () => {
    const fieldsOf = async (query: string) =>
      (await statusOf(query)).body.errors.map((error: { field: string }) => error.field)
    expect(await fieldsOf('')).toEqual(['TxUUID', 'TxType'])
    expect(await fieldsOf(`txUUID=${newId()}&txType=gift`)).toEqual(['TxType'])
    const uuid = await pay('CANCEL')
    expect(await statusOf(`txUUID=${uuid}&txType=createSubscription`)).toEqual(NOT_FOUND)
    expect(await statusOf('txUUID=nonsense&txType=payment')).toEqual(NOT_FOUND)
  })
})

describe('the lists of payments', () => {
  test('go page by page, newest first, alone and combined', async () => {
    const { apiKey } = await world.sandbox.provision(newId())
    const call = (method: string, path: string, body?: unknown) => world.call(method, path, body, apiKey)
    const made: string[] = []
    for (const price of [1, 2, 3]) {
      const item = { productName: 'Coffee', description: 'A cup', price }
      const { body } = await call('POST', '/v1/transaction/session-checkout/new/payment', item)
      await call('POST', `/_sandbox/sessions/${body.uuid}/play`, { outcome: 'PAY', customer: PAYER })
      await reaches(world, body.uuid.slice(4), 'completed')
      made.unshift(body.uuid)
    }
    const { body: first } = await call('GET', '/v1/transaction/payments?limit=2')
    const { body: second } = await call('GET', `/v1/transaction/payments?limit=2&cursor=${first.nextCursor}`)
    const uuids = [...first.items, ...second.items].map((payment: { uuid: string }) => payment.uuid)
    expect([uuids, second.nextCursor]).toEqual([made, null])
    const { body: combined } = await call('GET', '/v1/transaction/payments/combined/')
    expect(combined.items[0]).toMatchObject({ source: 'payment', subscriptionUUID: null, productId: null, amount: 3 })
    expect(combined.items[0]).not.toHaveProperty('organizationId')
    expect(combined.items.map((payment: { uuid: string }) => payment.uuid)).toEqual(made)
  })
})

describe('a seller', () => {
  test('pays the organization its fee, and sees only their own', async () => {
    const apiKey = world.apiKey.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    const { body: owner } = await world.call('GET', '/v1/user')
    const { organizationId, createdAt, updatedAt } = owner
    const names = { name: 'Sam', lastName: 'Seller', email: 'sam@example.com' }
    await inTransaction(world.pool, PROVIDER, world.realm, async (inside) => {
      const user = {
        id: 7,
        ...names,
        role: 'user',
        organizationFeeBps: 1_000,
        organizationId,
        createdAt,
        updatedAt,
        claimedAt: null,
      }
      await users.insert(inside, '7', { ...user, role: 'user' })
      const key = { id: 8, name: 'Key', hash: hashOf(apiKey), userId: 7, organizationId, createdAt, expiresAt: null }
      await apiKeys.insert(inside, '8', { ...key, role: 'user' })
    })
    const call = (method: string, path: string, body?: unknown) => world.call(method, path, body, apiKey)
    const hidden = await world.call('POST', '/v1/product', { name: 'Secret', description: 'Not theirs', price: 1 })
    expect((await call('GET', `/v1/product/id/${hidden.body.id}`)).status).toBe(404)
    expect((await call('GET', '/v1/transaction/payments')).body.items).toEqual([])
    const item = { productName: 'Vase', description: 'Blue glaze', price: 99.99 }
    const { body: session } = await call('POST', '/v1/transaction/session-checkout/new/payment', item)
    const { body: shown } = await world.call('GET', `/v1/transaction/session-checkout/${session.uuid}`)
    expect(shown).toMatchObject({ userId: 7, userName: 'Sam Seller', organizationFeeBps: 1_000 })
    await call('POST', `/_sandbox/sessions/${session.uuid}/play`, { outcome: 'PAY', customer: PAYER })
    await reaches(world, session.uuid.slice(4), 'completed')
    const { body } = await call('GET', '/v1/transaction/payments')
    expect(body.items).toHaveLength(1)
    const { organizationFee, txAmounts } = body.items[0].metadata
    expect(organizationFee).toMatchObject({ organizationId, feeBps: 1_000 })
    expect(txAmounts.usd).toEqual({ platform: 1.5, organization: 10, merchant: 88.49 })
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ADA, ITEM, openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const cancel = (id: string, actor = shop.owner) =>
  shop.app.checkouts.cancel(call(actor), { id: encodeId('Checkout', id) })
const simulate = (id: string, input: object, actor = shop.owner) =>
  shop.app.checkouts.simulate(call(actor), { id: encodeId('Checkout', id), ...input })
const ends = (id: string, status: string) =>
  eventually(async () => {
    const checkout = await shop.checkout(id)
    return checkout.status === status && checkout
  })
const booksBalance = async () => expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
const postingsOf = (causeId: string) => shop.app.db.prisma.ledgerTransaction.count({ where: { causeId } })

/** What an account has, by its external id without the currency. */
async function balance(name: string): Promise<bigint> {
  const where = { tenantId: shop.owner.tenantId, externalId: `${name}:USD` }
  return (await shop.app.db.prisma.account.findFirst({ where }))?.balance ?? 0n
}

describe('a customer who', () => {
  test('pays settles the checkout once, with one posting, each step announced', async () => {
    const { id } = await shop.open()
    await simulate(id, { outcome: 'PAY', customer: ADA })
    // The notifications of two steps that come at once may overtake each other: time passes when the first is here.
    await eventually(async () => (await shop.announced(id)).includes('payment.created'))
    await shop.pass({ seconds: 5 })
    const payment = await shop.reaches(id, 'COMPLETED')
    expect(payment).toMatchObject({
      amountMinor: 1999n,
      currency: 'USD',
      providerFeeMinor: 30n,
      organizationFeeMinor: 0n,
      settledCurrency: 'ETH',
      description: 'A mug',
    })
    expect(payment.settledMinor).toBeGreaterThan(0n)
    expect(payment.transactionHash).toMatch(/^0x/)
    expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED', nextCheckAt: null })
    expect(await postingsOf(payment.id)).toBe(1)
    const steps = (await shop.announced(id)).filter((type) => type.startsWith('payment') || type.endsWith('completed'))
    expect(steps[0]).toBe('payment.created')
    expect(steps.slice(-2)).toEqual(['payment.completed', 'checkout.completed'])
    await booksBalance()
  })

  test.each([
    ['FAIL', 'FAILED', 'OPEN', 'reverted', 0],
    ['UNDERPAY', 'UNDERPAID', 'OPEN', 'underpaid', 1],
  ])(
    'does %s has a payment that is %s and a checkout that is %s, and what came in is booked',
    async (outcome, state, status, why, postings) => {
      const { id } = await shop.open()
      await shop.play(id, outcome)
      const payment = await shop.reaches(id, state)
      expect(payment.message).toContain(why)
      expect(await shop.checkout(id)).toMatchObject({ status, reason: payment.message })
      expect(await postingsOf(payment.id)).toBe(postings)
      const last = await shop.app.payments.status({ tenantId: shop.owner.tenantId, topicId: id })
      expect(last).toMatchObject({ state, final: false, message: payment.message })
      await booksBalance()
    },
  )

  test('pays too much has it all booked, as OVERPAID', async () => {
    const { id } = await shop.open()
    await shop.play(id, 'OVERPAY')
    const payment = await shop.reaches(id, 'OVERPAID')
    expect(payment.amountMinor).toBe(2198n)
    expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
    expect(await postingsOf(payment.id)).toBe(1)
    await booksBalance()
  })

  test.each([
    ['EXPIRE', 'EXPIRED'],
    ['CANCEL', 'CANCELLED'],
  ])('does %s leaves a checkout that is %s, and no payment', async (outcome, status) => {
    const { id } = await shop.open()
    await shop.play(id, outcome)
    expect(await ends(id, status)).toMatchObject({ nextCheckAt: null })
    expect(await shop.payment(id)).toBeNull()
    const last = await shop.app.payments.status({ tenantId: shop.owner.tenantId, topicId: id })
    expect(last).toMatchObject({ state: status, final: true })
    await booksBalance()
  })

  test('pays in another coin has that settled', async () => {
    const { id } = await shop.open()
    await shop.play(id, 'PAY', { currency: 'USDC', customer: ADA })
    const { settledCurrency, settledMinor } = await shop.reaches(id, 'COMPLETED')
    expect(settledCurrency).toBe('USDC')
    expect(Number(settledMinor) / 1e6).toBeCloseTo(19.99, 1)
  })
})

test('twenty customers who pay at the same moment all settle, each once', async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => shop.open()))
  const ids = opened.map((done) => done.id)
  expect(opened.flatMap((done) => done.problems)).toEqual([])
  const before = await balance('customers:qbitflow')
  await Promise.all(
    ids.map((id, n) => simulate(id, { outcome: 'PAY', customer: { ...ADA, email: `n${n}@example.com` } })),
  )
  await shop.pass({ seconds: 5 })
  for (const id of ids) expect(await postingsOf((await shop.reaches(id, 'COMPLETED')).id)).toBe(1)
  expect((await balance('customers:qbitflow')) - before).toBe(-20n * 1999n)
  await booksBalance()
})

describe('a customer whom the page asks', () => {
  const customerOf = async (id: string) => (await shop.reaches(id, 'COMPLETED')).customerId
  const where = () => ({ tenantId: shop.owner.tenantId })

  test('is made once, and found again by e-mail however it is written', async () => {
    const customer = { name: 'Grace', lastName: 'Hopper', email: 'grace@example.com', phone: '+1 202 555 0100' }
    const [first, second] = [await shop.open(), await shop.open()]
    await shop.play(first.id, 'PAY', { customer })
    const made = await customerOf(first.id)
    const found = await shop.app.db.prisma.customer.findFirst({ where: { ...where(), id: made ?? '' } })
    expect(found).toMatchObject({ ...customer, phone: '+12025550100' })
    await shop.play(second.id, 'PAY', { customer: { ...customer, email: 'GRACE@example.com' } })
    expect(await customerOf(second.id)).toBe(made)
    expect((await shop.checkout(second.id)).customerId).toBe(made)
  })

  test('is the customer that the merchant made before', async () => {
    const { id: known } = await shop.app.customers.create(call(shop.owner), { name: 'Al', email: 'alan@example.com' })
    const { id } = await shop.open()
    await shop.play(id, 'PAY', { customer: { ...ADA, email: 'Alan@Example.com' } })
    expect(await customerOf(id)).toBe(known)
  })

  test.each([
    ['FAIL', 'FAILED'],
    ['UNDERPAY', 'UNDERPAID'],
  ])(
    'is known also when they %s and the payment is %s, with the name and address they gave',
    async (outcome, state) => {
      const customer = { name: 'Kay', lastName: 'McNulty', email: `${state.toLowerCase()}@example.com` }
      const { id } = await shop.open()
      await shop.play(id, outcome, { customer })
      const { customerId } = await shop.reaches(id, state)
      const found = await shop.app.db.prisma.customer.findFirst({ where: { ...where(), id: customerId ?? '' } })
      expect(found).toMatchObject(customer)
      expect((await shop.checkout(id)).customerId).toBe(customerId)
    },
  )

  test('is known when a subscription of theirs could not begin', async () => {
    const customer = { name: 'Jean', lastName: 'Bartik', email: 'jean@example.com' }
    const { id } = await shop.open({ kind: 'SUBSCRIPTION', item: ITEM, frequency: { value: 1, unit: 'MONTHS' } })
    await shop.play(id, 'UNDERPAY', { customer })
    await eventually(async () => (await shop.checkout(id)).startState === 'FAILED')
    const { customerId } = await shop.checkout(id)
    const found = await shop.app.db.prisma.customer.findFirst({ where: { ...where(), id: customerId ?? '' } })
    expect(found).toMatchObject(customer)
  })

  test('is made anew when the merchant deleted the one they were', async () => {
    const input = { ...ADA, email: 'again@example.com' }
    const { id: old } = await shop.app.customers.create(call(shop.owner), input)
    const customerId = encodeId('Customer', old)
    await shop.open({ item: ITEM, customerId })
    await shop.app.customers.remove(call(shop.owner), { id: customerId })
    const { id } = await shop.open()
    await shop.play(id, 'PAY', { customer: input })
    const made = await customerOf(id)
    expect(made).not.toBe(old)
    const row = await shop.app.db.prisma.customer.findFirst({ where: { ...where(), id: made ?? '' } })
    expect(row).toMatchObject({ email: 'again@example.com', deletedAt: null })
  })

  test('is one and the same in ten checkouts that they pay at once', async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => shop.open()))
    const customer = { ...ADA, email: 'many@example.com' }
    await Promise.all(opened.map(({ id }) => simulate(id, { outcome: 'PAY', customer })))
    await shop.pass({ seconds: 5 })
    const customers = await Promise.all(opened.map(({ id }) => customerOf(id)))
    expect(new Set(customers).size).toBe(1)
    expect(await shop.app.db.prisma.customer.count({ where: { ...where(), email: 'many@example.com' } })).toBe(1)
  })
})

describe('a seller’s checkout', () => {
  test('splits provider fee, organization fee and share exactly, to the last cent', async () => {
    const seller = await shop.seller(250)
    const before = { fees: await balance('fees:qbitflow'), organization: await balance('organization:qbitflow') }
    const { id } = await shop.open({ item: ITEM }, seller)
    await shop.play(id, 'PAY')
    const payment = await shop.reaches(id, 'COMPLETED')
    expect(payment).toMatchObject({ userId: seller.userId, providerFeeMinor: 30n, organizationFeeMinor: 50n })
    expect(await balance(`seller:${seller.userId}`)).toBe(1999n - 30n - 50n)
    expect(await balance('organization-fees:qbitflow')).toBe(50n)
    expect((await balance('fees:qbitflow')) - before.fees).toBe(30n)
    expect(await balance('organization:qbitflow')).toBe(before.organization)
    await booksBalance()
  })

  test('is the seller’s alone: another seller can neither cancel nor play it', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const { id } = await shop.open({ item: ITEM }, seller)
    expect(await refusals(cancel(id, other))).toEqual(['NOT_FOUND id'])
    expect(await refusals(simulate(id, { outcome: 'PAY', customer: ADA }, other))).toEqual(['NOT_FOUND id'])
    expect(await cancel(id, seller)).toMatchObject({ id })
  })
})

describe('cancelling', () => {
  test('ends an open checkout, once, and says so', async () => {
    const { id } = await shop.open()
    await cancel(id)
    await cancel(id)
    expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED' })
    expect(await shop.announced(id)).toEqual(['checkout.created', 'checkout.opened', 'checkout.cancelled'])
  })

  test('is refused once somebody has begun to pay, and once it is over', async () => {
    const { id } = await shop.open()
    await simulate(id, { outcome: 'PAY', customer: ADA })
    await ends(id, 'PROCESSING')
    expect(await refusals(cancel(id))).toEqual(['INVALID_STATE id'])
    await shop.pass({ seconds: 5 })
    await shop.reaches(id, 'COMPLETED')
    expect(await refusals(cancel(id))).toEqual(['INVALID_STATE id'])
  })

  test('does not refuse money that still comes: it is booked, once, as PAID_LATE', async () => {
    const { id } = await shop.open()
    await cancel(id)
    await shop.play(id, 'PAY')
    const payment = await shop.reaches(id, 'PAID_LATE')
    expect(await postingsOf(payment.id)).toBe(1)
    expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', nextCheckAt: null })
    await booksBalance()
  })

  test('of what is not there, or not ours, is not found', async () => {
    const { id } = await shop.open()
    expect(await refusals(cancel(newId()))).toEqual(['NOT_FOUND id'])
    expect(await refusals(cancel(id, await shop.actor('LIVE')))).toEqual(['NOT_FOUND id'])
    expect(await refusals(shop.app.checkouts.cancel(call(shop.owner), { id: 'chk_1' }))).toEqual(['NOT_FOUND id'])
  })
})

describe('simulating', () => {
  test('names what is wrong with it', async () => {
    const { id } = await shop.open()
    expect(await refusals(simulate(id, { outcome: 'STEAL' }))).toEqual(['INVALID outcome'])
    expect(await refusals(simulate(id, { outcome: 'PAY', customer: { name: '', lastName: ' ', email: 'x' } }))).toEqual(
      ['REQUIRED customer.name', 'REQUIRED customer.lastName', 'INVALID customer.email'],
    )
    expect(await refusals(simulate(newId(), { outcome: 'PAY' }))).toEqual(['NOT_FOUND id'])
    expect(await refusals(simulate(id, { outcome: 'PAY' }, await shop.actor('LIVE')))).toEqual(['NOT_FOUND id'])
  })

  test('is told the provider’s refusal', async () => {
    const { id } = await shop.open()
    expect(await refusals(simulate(id, { outcome: 'PAY' }))).toEqual(['PROVIDER_REFUSED customer'])
    expect(await refusals(simulate(id, { outcome: 'PAY', currency: 'DOGE', customer: ADA }))).toEqual([
      'PROVIDER_REFUSED currency',
    ])
    await shop.play(id, 'PAY')
    expect(await refusals(simulate(id, { outcome: 'PAY', customer: ADA }))).toEqual(['PROVIDER_REFUSED'])
  })

  test('happens once under one key, and a key whose attempt was refused is free', async () => {
    const { id } = await shop.open()
    const by = call(shop.owner, 'play')
    const input = { id: encodeId('Checkout', id), outcome: 'PAY' }
    expect(await refusals(shop.app.checkouts.simulate(by, input))).toEqual(['PROVIDER_REFUSED customer'])
    expect(await shop.app.checkouts.simulate(by, { ...input, customer: ADA })).toEqual({ id, replayed: false })
    expect(await shop.app.checkouts.simulate(by, { ...input, customer: ADA })).toEqual({ id, replayed: true })
  })
})

describe('time', () => {
  test('expires an open checkout on the tenant’s clock, and not before', async () => {
    const { id } = await shop.open()
    await shop.pass({ hours: 23, minutes: 50 })
    await shop.app.reconciliation.resolveDue()
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
    await shop.pass({ minutes: 15 })
    await shop.app.reconciliation.resolveDue()
    expect(await ends(id, 'EXPIRED')).toMatchObject({ nextCheckAt: null })
    expect((await shop.announced(id)).filter((type) => type === 'checkout.expired')).toHaveLength(1)
    expect(await refusals(simulate(id, { outcome: 'PAY', customer: ADA }))).toEqual(['PROVIDER_REFUSED'])
    expect(await refusals(cancel(id))).toEqual(['INVALID_STATE id'])
  })
})

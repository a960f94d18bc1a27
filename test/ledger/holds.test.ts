import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSchedules } from '../../src/jobs/schedules.ts'
import { newId } from '../../src/kernel/id.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { type Desk, eachRefusal, openDesk, refusal } from './desk.ts'

const MINUTE = 60_000
const clock = turnableClock()
let house: TestApp
let desk: Desk
let payer: string
let shop: string
let fees: string

beforeAll(async () => {
  house = await testApp({ clock })
})
afterAll(() => house.close())
beforeEach(async () => {
  desk = await openDesk(house.app)
  payer = await desk.account()
  shop = await desk.account()
  fees = await desk.account()
  await desk.fund(payer, '100.00 USD')
})

const inMinutes = (minutes: number) => new Date(clock.now().getTime() + minutes * MINUTE)
const events = async (id: string) => {
  const rows = await house.app.db.prisma.event.findMany({ where: { entityId: id }, orderBy: { sequence: 'asc' } })
  return rows.map(({ type }) => type)
}

test('a hold lowers what is available and not the balance, and posts nothing', async () => {
  const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']])
  expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 6_000n })
  expect(await desk.entries(hold)).toEqual([])
  expect(await refusal(desk.pay(payer, '40.01 USD', [[shop, '40.01 USD']]))).toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
    facts: { available: { minor: 4_000n, currency: 'USD' } },
  })
  await desk.complete(hold)
  expect(await desk.balance(payer)).toEqual({ balance: 4_000n, held: 0n })
  expect(await desk.transaction(hold)).toMatchObject({ state: 'COMPLETED', parts: [{ state: 'COMPLETED' }] })
  expect(await events(hold)).toEqual(['ledger.hold_created', 'ledger.hold_completed'])
})

test.each(['complete', 'decline'] as const)('what is no hold cannot be changed: %s', async (verb) => {
  const paid = await desk.pay(payer, '1.00 USD', [[shop, '1.00 USD']])
  const ended = await desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']])
  await desk[verb](ended)
  for (const id of [paid, ended]) {
    const found = await eachRefusal(desk.complete(id), desk.decline(id), desk.updateHold(id, '2.00 USD'))
    for (const problem of found) expect(problem).toMatchObject({ code: 'INVALID_STATE', field: ['transactionId'] })
  }
  const [part] = (await desk.transaction(paid)).parts
  const foreign = await openDesk(house.app)
  const found = await eachRefusal(desk.complete(newId()), desk.complete(part?.id ?? ''), foreign.decline(ended))
  for (const problem of found) expect(problem).toMatchObject({ code: 'NOT_FOUND', field: ['transactionId'] })
})

describe('a hold that is changed', () => {
  test('of one charge follows its new total, up as far as the funds allow', async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']])
    await desk.updateHold(hold, '100.00 USD')
    expect(await refusal(desk.updateHold(hold, '100.01 USD'))).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    await desk.updateHold(hold, '0.01 USD')
    expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 1n })
    await desk.complete(hold)
    expect(await desk.balance(shop)).toEqual({ balance: 1n, held: 0n })
  })

  test('of several charges wants them all, adding up', async () => {
    const hold = await desk.hold(payer, '10.00 USD', [
      [shop, '9.00 USD'],
      [fees, '1.00 USD'],
    ])
    expect(await refusal(desk.updateHold(hold, '11.00 USD'))).toMatchObject({ code: 'REQUIRED', field: ['charges'] })
    expect(await refusal(desk.updateHold(hold, '11.00 USD', [[shop, '10.00 USD']]))).toMatchObject({
      code: 'TOTALS_MISMATCH',
    })
    expect(await refusal(desk.updateHold(hold, '11.00 USD', [[payer, '11.00 USD']]))).toMatchObject({ code: 'INVALID' })
    expect(await desk.transaction(hold)).toMatchObject({ total: 1_000n, parts: [{ total: 900n }, { total: 100n }] })
    await desk.updateHold(hold, '11.00 USD', [[fees, '11.00 USD']])
    expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 1_100n })
    await desk.complete(hold)
    expect([await desk.balance(shop), await desk.balance(fees)]).toEqual([
      { balance: 0n, held: 0n },
      { balance: 1_100n, held: 0n },
    ])
  })
})

describe('a hold that expires', () => {
  test('ends when its time has come on the clock, once, whoever looks', async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']], { expiresAt: inMinutes(10) })
    await house.app.holds.expireDue()
    expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 6_000n })
    clock.turn({ minutes: 10 })
    await Promise.all([house.app.holds.expireDue(), house.app.holds.expireDue(), house.app.holds.expireDue()])
    expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 0n })
    expect(await desk.transaction(hold)).toMatchObject({ state: 'DECLINED', parts: [{ state: 'DECLINED' }] })
    expect(await events(hold)).toEqual(['ledger.hold_created', 'ledger.hold_expired'])
    expect(await house.app.holds.expireDue()).toBe(0)
    expect(await desk.breaks()).toEqual([])
  })

  test("ends by its tenant's clock, which may run ahead", async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']], { expiresAt: inMinutes(10) })
    const other = await openDesk(house.app)
    const [from, to] = [await other.account({ overdraft: true }), await other.account()]
    const theirs = await other.hold(from, '1.00 USD', [[to, '1.00 USD']], { expiresAt: inMinutes(10) })
    await house.app.db.pool.query('UPDATE tenant SET clock_ahead_ms = $2 WHERE id = $1', [desk.tenantId, 10 * MINUTE])
    await house.app.holds.expireDue()
    expect(await desk.transaction(hold)).toMatchObject({ state: 'DECLINED' })
    expect(await other.transaction(theirs)).toMatchObject({ state: 'HELD' })
  })

  test('has ended for whoever wants to complete or change it, even when nobody has looked yet', async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']], { expiresAt: inMinutes(10) })
    clock.turn({ minutes: 11 })
    const found = await eachRefusal(desk.complete(hold), desk.updateHold(hold, '1.00 USD'))
    for (const problem of found) expect(problem).toMatchObject({ code: 'INVALID_STATE', field: ['transactionId'] })
    await desk.decline(hold)
    expect(await desk.balance(payer)).toEqual({ balance: 10_000n, held: 0n })
  })

  test('is released also of a frozen account', async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']], { expiresAt: inMinutes(1) })
    await desk.freeze(payer)
    clock.turn({ minutes: 1 })
    await house.app.holds.expireDue()
    expect(await desk.transaction(hold)).toMatchObject({ state: 'DECLINED' })
  })

  test('does not when it was completed in time', async () => {
    const hold = await desk.hold(payer, '60.00 USD', [[shop, '60.00 USD']], { expiresAt: inMinutes(10) })
    await desk.complete(hold)
    clock.turn({ minutes: 11 })
    expect(await house.app.holds.expireDue()).toBe(0)
    expect(await desk.transaction(hold)).toMatchObject({ state: 'COMPLETED', expiresAt: null })
  })

  test('in the past is refused, but the repeat of one that was made is not', async () => {
    const past = { expiresAt: inMinutes(0), key: 'hold-1' }
    expect(await refusal(desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']], past))).toMatchObject({
      code: 'OUT_OF_RANGE',
      field: ['expiresAt'],
    })
    expect(await desk.records('hold-1')).toBe(0)
    const soon = { expiresAt: inMinutes(1), key: 'hold-1' }
    const hold = await desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']], soon)
    clock.turn({ minutes: 2 })
    expect(await desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']], soon)).toBe(hold)
  })

  test('by the hundred ends all the same, and the gateway looks every second', async () => {
    const debtor = await desk.account({ overdraft: true })
    const expiresAt = inMinutes(1)
    await Promise.all(
      Array.from({ length: 120 }, () => desk.hold(debtor, '1.00 USD', [[shop, '1.00 USD']], { expiresAt })),
    )
    clock.turn({ minutes: 1 })
    const schedule = createSchedules(house.app).find(({ name }) => name === 'holds')
    expect(schedule?.everyMs).toBe(1_000)
    await schedule?.run()
    await schedule?.run()
    expect(await desk.balance(debtor)).toEqual({ balance: 0n, held: 0n })
  })
})

test.each([
  ['update', (id: string, key: string) => desk.updateHold(id, '2.00 USD', undefined, { key })],
  ['complete', (id: string, key: string) => desk.complete(id, { key })],
  ['decline', (id: string, key: string) => desk.decline(id, { key })],
])('a repeat under the same key is answered and changes nothing: %s', async (_, ask) => {
  const hold = await desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']])
  expect([await ask(hold, 'k'), await ask(hold, 'k')]).toEqual([hold, hold])
  expect(await events(hold)).toHaveLength(2)
})

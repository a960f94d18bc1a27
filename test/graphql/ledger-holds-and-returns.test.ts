import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { type Door, openDoor } from './door.ts'
import { ledgerApi, usd } from './ledger-api.ts'

/** Money that is kept back, and money on its way back. */

let door: Door
let api: ReturnType<typeof ledgerApi>
beforeAll(async () => {
  door = await openDoor()
  api = ledgerApi(await door.as())
})
afterAll(() => door.close())

const balance = async (id: string) => (await api.see(id, 'balance { amount }')).balance.amount

test('a hold is changed and completed under one id', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const selection =
    'id state total { amount } charges { subtotal { amount } } parts { state } entries { id } expiresAt completedAt'
  const held = await api.done(api.hold(from, { [to]: '4.00' }, { expiresAt, metadata: { room: 1 } }, selection))
  expect(held).toMatchObject({ state: 'HELD', total: { amount: '4.00' }, entries: [], expiresAt, completedAt: null })
  const hold = { transactionId: held.id }
  const more = await api.done(api.change('updateHold', 'transaction', { ...hold, total: usd('6.00') }, selection))
  expect(more).toMatchObject({
    id: held.id,
    state: 'HELD',
    total: { amount: '6.00' },
    charges: [{ subtotal: { amount: '6.00' } }],
  })
  const tooMuch = await api.change('updateHold', 'transaction', { ...hold, total: usd('10.01') })
  expect(tooMuch.userErrors).toMatchObject([{ code: 'INSUFFICIENT_FUNDS', available: { amount: '4.00' } }])
  const completed = await api.done(api.change('completeHold', 'transaction', hold, selection))
  expect(completed).toMatchObject({ id: held.id, state: 'COMPLETED', parts: [{ state: 'COMPLETED' }], expiresAt: null })
  expect(completed.entries).toHaveLength(2)
  expect(await api.see(from)).toEqual({
    balance: { amount: '4.00' },
    held: { amount: '0.00' },
    available: { amount: '4.00' },
  })
  for (const verb of ['completeHold', 'declineHold']) {
    const { userErrors } = await api.change(verb, 'transaction', hold)
    expect(userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['transactionId'] }])
  }
})

test('a hold is given up by its owner, and its end must be in the future', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const { id } = await api.done(api.hold(from, { [to]: '10.00' }))
  const declined = await api.done(
    api.change('declineHold', 'transaction', { transactionId: id }, 'id state completedAt'),
  )
  expect(declined).toEqual({ id, state: 'DECLINED', completedAt: null })
  expect(await api.see(from, 'available { amount }')).toEqual({ available: { amount: '10.00' } })
  const past = await api.hold(from, { [to]: '1.00' }, { expiresAt: '2020-01-01T00:00:00Z' })
  expect(past.userErrors).toMatchObject([{ code: 'OUT_OF_RANGE', field: ['expiresAt'] }])
})

test('a rollback takes everything back once, by an INTERNAL mirror that refers to it', async () => {
  const [from, to, fee] = [await api.account({}, '10.00'), await api.account(), await api.account()]
  const { id } = await api.done(api.pay(from, { [to]: '9.00', [fee]: '1.00' }))
  const back = { transactionId: id, metadata: { why: 'mistake' } }
  const mirror = await api.done(
    api.change(
      'rollbackTransaction',
      'transaction',
      back,
      'type recipe metadata reference { id state } cause { id } entries { amount { amount } }',
    ),
  )
  expect(mirror).toMatchObject({
    type: 'INTERNAL',
    recipe: 'rollback',
    metadata: { why: 'mistake' },
    reference: { id, state: 'ROLLED_BACK' },
    cause: { id },
  })
  expect(mirror.entries).toHaveLength(3)
  expect([await balance(from), await balance(to), await balance(fee)]).toEqual(['10.00', '0.00', '0.00'])
  const twice = await api.change('rollbackTransaction', 'transaction', back)
  expect(twice.userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['transactionId'] }])
})

test('refunds are per destination, in parts, and never more than was received', async () => {
  const [from, to, fee] = [await api.account({}, '10.00'), await api.account(), await api.account()]
  const { id } = await api.done(api.pay(from, { [to]: '9.00', [fee]: '1.00' }))
  const refund = (refunds: object[]) =>
    api.change(
      'refundTransaction',
      'transaction',
      { transactionId: id, refunds },
      'type recipe total { amount } reference { id state refunded { amount } charges { destination { id } refunded { amount } } }',
    )
  const part = (destinationId: string, amount: string) => ({ destinationId, subtotal: usd(amount) })
  expect(await api.done(refund([part(to, '4.00')]))).toEqual({
    type: 'EXTERNAL',
    recipe: 'refund',
    total: { amount: '4.00' },
    reference: {
      id,
      state: 'PARTIALLY_REFUNDED',
      refunded: { amount: '4.00' },
      charges: [
        { destination: { id: to }, refunded: { amount: '4.00' } },
        { destination: { id: fee }, refunded: { amount: '0.00' } },
      ],
    },
  })
  const tooMuch = (await refund([part(to, '5.01')])).userErrors
  expect(tooMuch).toMatchObject([{ code: 'OUT_OF_RANGE', field: ['refunds', '0', 'subtotal', 'amount'] }])
  const stranger = (await refund([part(to, '1.00'), part(from, '1.00')])).userErrors
  expect(stranger).toMatchObject([{ code: 'NOT_FOUND', field: ['refunds', '1', 'destinationId'] }])
  const rollback = await api.change('rollbackTransaction', 'transaction', { transactionId: id })
  expect(rollback.userErrors).toMatchObject([{ code: 'INVALID_STATE' }])
  expect((await api.done(refund([part(to, '5.00'), part(fee, '1.00')]))).reference.state).toBe('REFUNDED')
  expect(await balance(from)).toBe('10.00')
})

test.each(['completeHold', 'declineHold', 'rollbackTransaction'])(
  '%s of nothing is NOT_FOUND by its field',
  async (verb) => {
    for (const transactionId of [encodeId('LedgerTransaction', newId()), 'txn_x', await api.account()]) {
      const { userErrors } = await api.change(verb, 'transaction', { transactionId })
      expect(userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['transactionId'] }])
    }
  },
)

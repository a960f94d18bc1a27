import { describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { money } from '../../src/kernel/money.ts'
import { ProviderAnswerLost } from '../../src/providers/errors.ts'
import { qbitflow } from '../../src/providers/qbitflow/index.ts'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { noSocket } from '../support/wire.ts'

const SECRET = 'whsec_test_0123456789abcdef'

describe('the adapter', () => {
  /** An adapter whose provider gives this answer to everything. */
  function answering(body: unknown, status = 200) {
    const asked: string[] = []
    const adapter = qbitflow({
      baseUrl: 'https://provider.test/v1',
      credentials: { apiKey: 'sk', webhookSecret: SECRET },
      fetch: async (input, init) => {
        asked.push(`${init?.method} ${input}`)
        return Response.json(body, { status })
      },
      openSocket: noSocket,
    })
    return { adapter, asked }
  }

  test('takes an answer in an unknown form for no answer, since a write may have happened', async () => {
    for (const body of [{}, [], null, { uuid: 7, link: 'x' }, { uuid: 'x' }]) {
      const { adapter } = answering(body)
      const wanted = { kind: 'PAYMENT', idempotencyKey: 'k', notifyUrl: 'https://us.test' } as const
      const item = { name: 'A mug', description: 'Blue', price: money(100n, currency('USD')) }
      const lines = { items: [{ ...item, quantity: 1 }], discounts: [], taxes: [] }
      await expect(adapter.checkouts.open({ ...wanted, item, lines })).rejects.toThrow(ProviderAnswerLost)
    }
  })

  test('knows a checkout that nobody has begun to pay, and nothing else, by a 404', async () => {
    expect(await answering({ error: 'resource not found' }, 404).adapter.status.lookup('x', 'PAYMENT')).toBeUndefined()
    await expect(answering({ error: 'no' }, 401).adapter.status.lookup('x', 'PAYMENT')).rejects.toThrow('no')
    await expect(answering({}, 503).adapter.status.lookup('x', 'PAYMENT')).rejects.toThrow('503')
  })

  test('never makes a state of a status that it does not know', async () => {
    await expect(answering({ status: 'halfway' }).adapter.status.lookup('x', 'PAYMENT')).rejects.toThrow(
      'halfway is unknown',
    )
  })

  test('keeps the messages of each wrong field', async () => {
    const errors = [
      { field: 'Name', message: 'Name is too short' },
      { field: 'Price', message: 'Price is required' },
    ]
    const { adapter } = answering({ errors }, 400)
    const wanted = { reference: 'r', name: 'x', description: 'y', price: money(1n, currency('USD')) }
    await expect(adapter.products.update('1', wanted)).rejects.toThrow(
      'Name: Name is too short; Price: Price is required',
    )
  })

  test('does not begin without its credentials', () => {
    const connection = { baseUrl: '', fetch, openSocket: noSocket }
    expect(() => qbitflow({ ...connection, credentials: { apiKey: 'sk' } })).toThrow('webhookSecret')
    expect(() => qbitflow({ ...connection, credentials: { webhookSecret: 'w' } })).toThrow('apiKey')
  })

  test('tells a repeat of a notification by what it says, and reads it', () => {
    const { notifications } = answering({}).adapter
    const timestamp = '1700000000'
    const key = (rawBody: string) => {
      const signature = `sha256=${signatureOf(SECRET, timestamp, rawBody)}`
      const headers = new Headers({ 'x-webhook-signature-256': signature, 'x-webhook-timestamp': timestamp })
      return notifications.prove(headers, rawBody, new Date(1_700_000_000_000))
    }
    expect(key('{"uuid":"pay@1","a":1}')).toBe(key('{ "a": 1, "uuid": "pay@1" }'))
    expect(key('{"uuid":"pay@1"}')).not.toBe(key('{"uuid":"pay@2"}'))
    const told = { uuid: 'pay@1', status: { status: 'created' } }
    expect(notifications.read(JSON.stringify(told))).toEqual([
      { noun: 'CHECKOUT', proof: true, checkout: '1', status: { state: 'CREATED' } },
    ])
    expect(notifications.read('{"uuid":"pay@1","status":null}')).toEqual([
      { noun: 'CHECKOUT', proof: false, reference: '1' },
    ])
    for (const other of ['{}', '[]', '7', 'null', '{"uuid":7}']) expect(notifications.read(other)).toEqual([])
  })

  test.each([
    ['completed', 'COMPLETED'],
    ['failed', 'FAILED'],
    ['cancelled', 'CANCELLED'],
    ['expired', 'EXPIRED'],
  ])('takes the end that a notification tells, %s, for a hint alone', (status, state) => {
    const { notifications } = answering({}).adapter
    expect(notifications.read(JSON.stringify({ uuid: 'pay@1', status: { status } }))).toEqual([
      { noun: 'CHECKOUT', proof: false, reference: '1', status: { state } },
    ])
  })
})

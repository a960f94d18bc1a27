import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { ForgedNotification } from '../../src/providers/errors.ts'
import { proveSignature, signatureOf } from '../../src/providers/qbitflow/signature.ts'
import * as wire from '../../src/providers/qbitflow/wire.ts'

const SECRET = 'whsec_test_0123456789abcdef'
const GOLDEN = 'whsec_golden_secret_0123456789'

describe('a signature', () => {
  test.each([
    [SECRET, '1700000000', '{}', '86e42664e55bdef9d21c29ec99ef840bb60f05f718392629bb0eb162a585147e'],
    [SECRET, '1700000000', '{"b":2,"a":1,"c":3}', 'cefa417c919e24dadad16670fb997f379aece68be25f46d70bd2ee6541bb7b0a'],
    [
      SECRET,
      '1700000000',
      '{"z":{"y":1,"x":2},"a":[{"d":4,"c":3}]}',
      '710b9fed39bfd9f5c087f26f4bbb91eb5a30a56fc8e2f8e4ba41c0b92b7949a7',
    ],
    [
      SECRET,
      '1700000000',
      '{"url":"https://x.test/a?b=1&c=2","tag":"<b>"}',
      '28b274c01275f3ea7c03f3feb7fd2ec52a9594333779cae66f975d8914bc9383',
    ],
    [
      SECRET,
      '1700000000',
      '{"whole":1.0,"negWhole":-2.0,"frac":2.50}',
      '568f803efa06262d9bc43020a326a2d335739bc54c2f1f546d2f0c4d7ac70619',
    ],
    [
      GOLDEN,
      '1758540000',
      '{"a":-0,"b":-0.0,"c":1E2,"d":1e-7,"e":-1.5e-10,"f":0.0,"g":-0.000001}',
      '45e3033a130332ab91bce58115d670ac83a9d4a41b59f51323c4e20625bcd2bc',
    ],
    [
      GOLDEN,
      '1758540000',
      '{"emptyObj":{},"emptyArr":[],"list":[{},[],[[]],[{}]],"s":""}',
      'de1584470053d814ee8903db86fbe07517e13a0282c1e682587ed77659f9231a',
    ],
  ])('under %s at %s of %s is the known one', (secret, timestamp, payload, hex) => {
    expect(signatureOf(secret, timestamp, payload)).toBe(hex)
  })

  const TIMESTAMP = 1_700_000_000
  const body = '{"uuid":"pay@1"}'
  function prove(
    changes: { timestamp?: string | null; signature?: string; rawBody?: string; ageSeconds?: number } = {},
  ) {
    const { timestamp = String(TIMESTAMP), rawBody = body, ageSeconds = 0 } = changes
    const { signature = `sha256=${signatureOf(SECRET, timestamp ?? '', body)}` } = changes
    const headers = new Headers({ 'X-Webhook-Signature-256': signature })
    if (timestamp !== null) headers.set('X-Webhook-Timestamp', timestamp)
    return proveSignature(SECRET, headers, rawBody, new Date((TIMESTAMP + ageSeconds) * 1_000))
  }

  test('is proven up to 300 seconds from its time, in both directions', () => {
    for (const ageSeconds of [0, 300, -300]) expect(() => prove({ ageSeconds })).not.toThrow()
    for (const ageSeconds of [301, -301, 86_400]) expect(() => prove({ ageSeconds })).toThrow(ForgedNotification)
  })

  test('is proven whatever the order of the keys, and not for any other value', () => {
    const signature = `sha256=${signatureOf(SECRET, String(TIMESTAMP), '{"b":1,"a":2}')}`
    expect(() => prove({ signature, rawBody: '{ "a": 2, "b": 1 }' })).not.toThrow()
    for (const rawBody of ['{"a":2,"b":"1"}', '{"a":2}', '{"a":2,"b":1,"c":null}', '[]', '', '{']) {
      expect(() => prove({ signature, rawBody }), rawBody).toThrow(ForgedNotification)
    }
  })

  test('is forged without its header, its time, its prefix or any of its digits', () => {
    const good = signatureOf(SECRET, String(TIMESTAMP), body)
    for (const signature of ['', good, `sha256=${good.toUpperCase()}`, `sha256=${good.slice(1)}`, `sha256=${good}0`]) {
      expect(() => prove({ signature }), signature).toThrow(ForgedNotification)
    }
    for (const timestamp of [null, '', 'now', '1.7e9', '0x10', `${TIMESTAMP}.5`]) {
      expect(() => prove({ timestamp }), String(timestamp)).toThrow(ForgedNotification)
    }
  })
})

describe('a status', () => {
  test.each([
    ['created', 'CREATED'],
    ['waitingConfirmation', 'WAITING_CONFIRMATION'],
    ['pending', 'PENDING'],
    ['completed', 'COMPLETED'],
    ['failed', 'FAILED'],
    ['cancelled', 'CANCELLED'],
    ['expired', 'EXPIRED'],
  ])('%s is %s', (status, state) => {
    expect(wire.Status.parse({ status, txHash: '', type: 'payment' })).toEqual({ state })
    expect(wire.Status.parse({ status, txHash: '0x1', message: 'why' })).toMatchObject({
      state,
      transactionHash: '0x1',
      message: 'why',
    })
  })

  test('that we do not know is never taken for another', () => {
    for (const status of ['', 'Completed', 'COMPLETED', 'refunded', 'constructor', '__proto__', 'toString']) {
      expect(() => wire.Status.parse({ status, txHash: '' }), status).toThrow('unknown')
    }
    for (const status of [undefined, null, 1, {}]) expect(() => wire.Status.parse({ status })).toThrow()
  })

  test('of a failure for want of money is UNDERPAID', () => {
    const message = 'underpaid: received 1 of 2 ETH'
    expect(wire.Status.parse({ status: 'failed', message })).toEqual({ state: 'UNDERPAID', message })
    expect(wire.Status.parse({ status: 'completed', message }).state).toBe('COMPLETED')
  })
})

const PAYMENT = {
  uuid: 'pay@0199',
  createdAt: '2026-03-31T12:00:00.5+02:00',
  from: '0xa',
  to: '0xb',
  amount: 19.99,
  amountMinUnits: '6663333333333333',
  currency: { symbol: 'ETH', decimals: 18 },
  transactionHash: '0xc',
  metadata: { feeBps: 150, organizationFee: null, txAmounts: { usd: { platform: 0.3, merchant: 19.69 } } },
}
const cents = (amount: number) => wire.Payment.parse({ ...PAYMENT, amount }).amount

describe('an amount', () => {
  test('of every whole number of cents crosses the wire unharmed', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 100_000_000_000n }), (minor) => {
        const float = wire.floatFromUsd(money(minor, currency('USD')))
        expect(cents(JSON.parse(JSON.stringify(float)))).toBe(minor)
      }),
    )
  })

  test('finer than a cent is rounded half to even by its decimal text, not by its binary value', () => {
    expect([1.005, 1.015, 0.005, 0.015, 2.675, 1.0049, 0.1 + 0.2, 1e-7, 0].map(cents)).toEqual([
      100n,
      102n,
      0n,
      2n,
      268n,
      100n,
      30n,
      0n,
      0n,
    ])
  })

  test('that is none is refused', () => {
    for (const amount of ['19.99', null, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => wire.Payment.parse({ ...PAYMENT, amount })).toThrow()
    }
  })
})

describe('a payment', () => {
  const read = (changes: object = {}, customer?: object) =>
    wire.paymentFrom(
      wire.Payment.parse({ ...PAYMENT, ...changes }),
      customer === undefined ? undefined : wire.Customer.parse(customer),
    )

  test('is read with what was paid, what arrived, the fees, the parties and the time', () => {
    expect(read()).toEqual({
      reference: '0199',
      amount: money(1999n, currency('USD')),
      settled: money(6_663_333_333_333_333n, currency('ETH')),
      fee: 30n,
      organizationFee: 0n,
      feeBps: 150,
      organizationFeeBps: 0,
      from: '0xa',
      to: '0xb',
      transactionHash: '0xc',
      chain: { coin: 'ETH' },
      at: new Date('2026-03-31T10:00:00.500Z'),
    })
  })

  test('in a coin that we do not keep, or not with these decimals, still has its price', () => {
    expect(read({ currency: { symbol: 'DOGE', decimals: 8 } }).settled).toBeUndefined()
    expect(read({ currency: { symbol: 'USDC', decimals: 18 } }).settled).toBeUndefined()
    expect(read({ currency: { symbol: 'DOGE', decimals: 8 } }).amount.minor).toBe(1999n)
  })

  test('takes the reported fees where they add up, and else the basis points', () => {
    const reported = (usd: object, organizationBps?: number) =>
      read({
        metadata: {
          feeBps: 150,
          organizationFee: organizationBps === undefined ? null : { feeBps: organizationBps },
          txAmounts: { usd },
        },
      })
    const added = reported({ platform: 0.3, organization: 0.5, merchant: 19.19 }, 250)
    expect([added.fee, added.organizationFee]).toEqual([30n, 50n])
    const off = reported({ platform: 0.3, organization: 0.5, merchant: 19.0 }, 1_000)
    expect([off.fee, off.organizationFee]).toEqual([30n, 200n])
    expect(read({ metadata: { feeBps: 150 } }).fee).toBe(30n)
    expect(() => read({ metadata: null })).toThrow('without its fees')
  })

  test('is paid by a customer with what is known of them', () => {
    const customer = { uuid: 'c1', name: 'Ada', lastName: 'Byron', email: 'a@b.cc', phoneNumber: '+1', extra: true }
    expect(read({}, customer).customer).toEqual({
      reference: 'c1',
      name: 'Ada',
      lastName: 'Byron',
      email: 'a@b.cc',
      phone: '+1',
    })
    expect(read({}, { uuid: 'c1', name: 'Ada', lastName: null }).customer).toEqual({ reference: 'c1', name: 'Ada' })
  })
})

test('ids come bare, with whatever prefix they came', () => {
  const uuid = newId()
  for (const given of [uuid, `pay@${uuid}`, `sub-hist@${uuid}`]) expect(wire.bare(given)).toBe(uuid)
})

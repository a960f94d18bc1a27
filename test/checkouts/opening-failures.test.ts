import { describe, expect, test } from 'vitest'
import { call } from '../support/app.ts'
import { ITEM } from '../support/shop.ts'
import { product, SESSION, setStage, shop, wire } from './opening-stage.ts'

setStage()

describe('a provider that', () => {
  const keyed = (key: string) => shop.app.checkouts.create(call(shop.owner, key), { kind: 'PAYMENT', item: ITEM })

  test('refuses leaves a FAILED checkout, with a problem for its caller and for each who repeats', async () => {
    wire.fault = ({ path }) => (path === SESSION ? { status: 400 } : undefined)
    const { id, problems } = await keyed('refused')
    const facts = { provider: 'QBITFLOW', providerCode: '400', retryable: false }
    expect(problems).toEqual([{ code: 'PROVIDER_REFUSED', message: 'the provider is down', facts }])
    expect(await shop.checkout(id)).toMatchObject({
      status: 'FAILED',
      reason: 'the provider is down',
      nextCheckAt: null,
    })
    expect(await shop.announced(id)).toEqual(['checkout.created', 'checkout.failed'])
    wire.fault = undefined
    expect(await keyed('refused')).toMatchObject({ id, replayed: true, problems: [{ code: 'PROVIDER_REFUSED' }] })
  })

  test.each([
    ['never hears us', 'lost on the way'],
    ['opens and whose answer is lost', 'answer lost'],
    ['opens and whose answer breaks off', 'answer cut off'],
    ['answers nonsense', 'answer garbled'],
    ['fails', { status: 503 }],
    ['answered 429: its rate limit is reached', { status: 429 }],
  ] as const)('%s leaves an UNKNOWN checkout, which a repeat with the same key opens', async (_, fault) => {
    const key = JSON.stringify(fault)
    wire.fault = ({ path }) => (path === SESSION ? fault : undefined)
    const { id, problems } = await keyed(key)
    expect(problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE', facts: { retryable: true } }])
    expect(await shop.checkout(id)).toMatchObject({ status: 'UNKNOWN', url: null })
    expect(await keyed(key)).toMatchObject({ id, replayed: true, problems: [{ code: 'PROVIDER_UNAVAILABLE' }] })
    wire.fault = undefined
    expect(await keyed(key)).toEqual({ id, replayed: true, problems: [] })
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN', reason: null })
    expect(await shop.announced(id)).toEqual(['checkout.created', 'checkout.unknown', 'checkout.opened'])
  })

  test('is asked by thirty at once under one key opens one checkout for all', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => keyed('thirty')))
    expect(new Set(all.map((done) => done.id)).size).toBe(1)
    expect(all.filter((done) => !done.replayed)).toHaveLength(1)
    expect(all.flatMap((done) => done.problems)).toEqual([])
    expect(wire.count('POST', SESSION)).toBe(1)
  })
})

test('a repeat has nothing to complain of when the payment failed, since the page was opened', async () => {
  const by = call(shop.owner, 'failed later')
  const { id } = await shop.app.checkouts.create(by, { kind: 'PAYMENT', item: ITEM })
  await shop.play(id, 'FAIL')
  await shop.poll()
  await shop.reaches(id, 'FAILED')
  expect(await shop.app.checkouts.create(by, { kind: 'PAYMENT', item: ITEM })).toEqual({
    id,
    replayed: true,
    problems: [],
  })
})

test('a repeat is answered with its checkout although the product is gone', async () => {
  const { productId } = await product()
  const wanted = { kind: 'PAYMENT', productId }
  const { id } = await shop.app.checkouts.create(call(shop.owner, 'gone', wanted), wanted)
  await shop.app.products.remove(call(shop.owner), { id: productId })
  expect(await shop.app.checkouts.create(call(shop.owner, 'gone', wanted), wanted)).toMatchObject({
    id,
    replayed: true,
  })
})

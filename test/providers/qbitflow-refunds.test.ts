import { describe, expect, test } from 'vitest'
import { qbitflow } from '../../src/providers/qbitflow/index.ts'
import { noSocket } from '../support/wire.ts'

const ENTRY = {
  uuid: 'refund@0199',
  txId: 'pay@0188',
  test: true,
  reason: 'It broke',
  status: 'pending',
  createdAt: '2026-03-31T10:00:00.5+02:00',
  respondedAt: null,
  organizationId: 1,
  txHash: '',
  amountMinUnits: '20000000',
  metadata: null,
}
const PAID = {
  status: 'approved',
  txHash: '0xc',
  respondedAt: '2026-03-31T11:00:00Z',
  metadata: {
    networkFees: { amount: '97500000000000', unitsConsumed: 65_000 },
    blockData: { number: '123', timestamp: 1_774_954_801 },
    mainCurrencyPriceUSD: 3000.5,
  },
}

/** QBitFlow as it answers these bodies, by path. */
function answering(bodies: Readonly<Record<string, unknown>>) {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (input) => {
    const path = String(input).replace('https://qbitflow.test/v1', '')
    asked.push(path)
    if (!(path in bodies)) return Response.json({ error: 'resource not found' }, { status: 404 })
    return Response.json(bodies[path])
  }
  const connection = { baseUrl: 'https://qbitflow.test/v1', credentials: { apiKey: 'k', webhookSecret: 's' }, fetch }
  return { ...qbitflow({ ...connection, openSocket: noSocket }), asked }
}

const BY_PAYMENT = '/transaction/refunds/by-transaction/pay@0188'
const lookup = (changes: object) =>
  answering({ [BY_PAYMENT]: { ...ENTRY, ...changes } }).refunds.lookup('0188', 'ONE_TIME')

describe('a refund at QBitFlow', () => {
  test('is read with its payment, what goes back, why, and when it was asked for', async () => {
    expect(await lookup({})).toEqual({
      reference: '0199',
      payment: '0188',
      state: 'PENDING',
      settledMinor: 20_000_000n,
      reason: 'It broke',
      askedAt: new Date('2026-03-31T08:00:00.500Z'),
      chain: {},
    })
  })

  test('that is paid says when, in which block, and what the network took', async () => {
    expect(await lookup(PAID)).toMatchObject({
      state: 'COMPLETED',
      transactionHash: '0xc',
      respondedAt: new Date('2026-03-31T11:00:00Z'),
      completedAt: new Date(1_774_954_801_000),
      networkFeeMinor: 97_500_000_000_000n,
      chain: { block: '123', coinPriceUsd: '3000.5' },
    })
  })

  test.each([
    [{ status: 'pending' }, 'PENDING'],
    [{ status: 'pending', respondedAt: '0001-01-01T00:00:00Z' }, 'PENDING'],
    [{ status: 'pending', respondedAt: '2026-03-31T11:00:00Z' }, 'PROCESSING'],
    [{ status: 'approved', txHash: '' }, 'APPROVED'],
    [{ status: 'approved', txHash: '0xc' }, 'COMPLETED'],
    [{ status: 'refused' }, 'REFUSED'],
    [{ status: 'rejected' }, 'REFUSED'],
    [{ status: 'failed' }, 'FAILED'],
  ])('with %j is %s', async (changes, state) => {
    expect((await lookup(changes))?.state).toBe(state)
  })

  test('in a status that nobody knows is a bug, never a guess', async () => {
    await expect(lookup({ status: 'maybe' })).rejects.toThrow('maybe is unknown')
  })

  test('that nobody asked for is none; of a subscription’s payment it is asked for by the bill', async () => {
    const provider = answering({})
    expect(await provider.refunds.lookup('0188', 'SUBSCRIPTION')).toBeUndefined()
    expect(provider.asked).toEqual(['/transaction/refunds/by-transaction/sub-hist@0188'])
  })
})

describe('the lists of refunds', () => {
  test('are read page by page, where an empty one may be null', async () => {
    const inactive = '/transaction/refunds/all/inactive?limit=50'
    const provider = answering({
      '/transaction/refunds/all': null,
      [inactive]: { items: [{ ...ENTRY, ...PAID }], nextCursor: 'refund@0199' },
      [`${inactive}&cursor=refund%400199`]: { items: null, nextCursor: null },
    })
    expect(await provider.refunds.waiting()).toEqual([])
    const pages: number[] = []
    for await (const page of provider.refunds.answered()) pages.push(page.length)
    expect(pages).toEqual([1, 0])
  })
})

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { formatDecimal, money, parseDecimal, shareOf } from '../../src/kernel/money.ts'
import { applyToPayment } from '../../src/payments/apply.ts'
import { NO_WORDS } from '../../src/payments/sale.ts'
import type { ProviderPayment, ProviderRefund } from '../../src/providers/port/facts.ts'
import { type RefundProgress, refundProgress } from '../../src/refunds/progress.ts'
import { transact } from '../../src/work/work.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
let progress: RefundProgress
let sellers: readonly Actor[]
beforeAll(async () => {
  shop = await openShop()
  const { db, clocks } = shop.app
  // Nothing here asks a provider.
  const registry = { connected: () => Promise.reject(new Error('no provider is asked')) }
  progress = refundProgress({
    db,
    clocks,
    registry: registry as unknown as Parameters<typeof refundProgress>[0]['registry'],
  })
  sellers = [await shop.seller(0), await shop.seller(250), await shop.seller(1_000)]
})
afterAll(() => shop.close())

interface Sold {
  readonly code: 'USD' | 'EUR' | 'JPY'
  readonly minor: bigint
  readonly seller: number | null
  readonly feeBps: number
  /** In percent of the whole; undefined when nothing goes back. */
  readonly back: number | undefined
  readonly networkFee: bigint
}

const SOLD: fc.Arbitrary<Sold> = fc.record({
  code: fc.constantFrom('USD', 'EUR', 'JPY'),
  minor: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  seller: fc.option(fc.nat({ max: 2 }), { nil: null }),
  feeBps: fc.nat({ max: 300 }),
  back: fc.option(fc.constantFrom(100, 100, 50, 33), { nil: undefined }),
  networkFee: fc.bigInt({ min: 0n, max: 10n ** 15n }),
})

/** A payment that came in, as a provider would report it. */
async function sell({ code, minor, seller, feeBps }: Sold): Promise<PaymentRow> {
  const { app, owner } = shop
  const change = { tenantId: owner.tenantId, at: shop.clock.now() }
  const externalId = newId()
  const amount = money(minor, currency(code))
  const paid: ProviderPayment = {
    reference: externalId,
    amount,
    settled: amount,
    fee: shareOf(minor, feeBps),
    organizationFee: 0n,
    chain: { name: 'Ethereum', coin: 'ETH' },
    at: change.at,
  }
  const checkout = { tenantId: owner.tenantId, id: newId(), provider: 'QBITFLOW' as const, kind: 'PAYMENT' as const }
  const item = { itemName: 'A thing', itemDescription: 'Of use', priceMinor: minor.toString(), currency: code }
  const { id } = await app.db.prisma.checkout.create({
    data: { ...checkout, ...item, status: 'COMPLETED', expiresAt: change.at },
  })
  const sale = {
    tenantId: owner.tenantId,
    provider: 'QBITFLOW' as const,
    productId: null,
    userId: seller === null ? null : (sellers[seller]?.userId ?? null),
    customerId: null,
    description: 'A thing',
    words: NO_WORDS,
    price: amount,
    externalId,
    origin: { checkoutId: id },
    over: false,
  }
  await transact(app.db, change, (work) =>
    applyToPayment(work, { sale, payment: null }, { noun: 'PAYMENT', proof: true, received: paid }),
  )
  return app.db.prisma.payment.findFirstOrThrow({ where: { externalId } })
}

async function giveBack(payment: PaymentRow, percent: number, networkFeeMinor: bigint): Promise<void> {
  const seen: ProviderRefund = {
    reference: newId(),
    payment: payment.externalId ?? '',
    state: 'COMPLETED',
    settledMinor: (payment.amountMinor * BigInt(percent)) / 100n,
    askedAt: shop.clock.now(),
    networkFeeMinor,
  }
  await progress.apply(payment, { noun: 'REFUND', proof: true, refund: seen })
}

/** The export of everything until now, as its reader has it. */
async function exported(actor = shop.owner): Promise<Record<string, string | number | null>[]> {
  let text = ''
  const wanted = { from: '2000-01-01', to: '2999-12-31', format: 'json' }
  for await (const piece of shop.app.accounting.export(actor, wanted).text) text += piece
  return JSON.parse(text)
}

/** The sum of a column over the rows of a currency, in minor units. */
function sumOf(rows: Awaited<ReturnType<typeof exported>>, column: string, code: string): bigint {
  return rows
    .filter((row) => row.tokenSymbol === code)
    .reduce((sum, row) => sum + (parseDecimal(String(row[column]), currency(code).exponent) ?? 0n), 0n)
}

async function balanceOf(pattern: string): Promise<bigint> {
  const [row] = await shop.app.db.query<{ total: bigint }>(
    'test.balance',
    'SELECT coalesce(sum(balance), 0) AS total FROM account WHERE tenant_id = $1 AND external_id LIKE $2',
    [shop.owner.tenantId, pattern],
  )
  return row?.total ?? 0n
}

describe("the accounting of a shop's payments and refunds", () => {
  test('has the figures of the ledger to the last unit, in each currency', async () => {
    for (const sold of fc.sample(SOLD, { numRuns: 40, seed: 20_261_121 })) {
      const payment = await sell(sold)
      if (sold.back === undefined) continue
      await giveBack(payment, sold.back, sold.networkFee)
      if (sold.back === 33) await giveBack(payment, 60, sold.networkFee)
    }
    const rows = await exported()
    expect(rows.filter(({ type }) => type === 'refund').length).toBeGreaterThan(15)
    for (const code of ['USD', 'EUR', 'JPY']) {
      expect(sumOf(rows, 'grossAmount', code)).toBe(-(await balanceOf(`customers:qbitflow:${code}`)))
      expect(sumOf(rows, 'platformFee', code)).toBe(await balanceOf(`fees:qbitflow:${code}`))
      expect(sumOf(rows, 'organizationFee', code)).toBe(await balanceOf(`organization-fees:qbitflow:${code}`))
      // What was laid out from outside the books stands against the one who was refunded for.
      const kept = (await balanceOf(`organization:qbitflow:${code}`)) + (await balanceOf(`seller:%:${code}`))
      expect(sumOf(rows, 'netAmount', code)).toBe(kept + (await balanceOf(`world:${code}`)))
    }
    const networkFees = rows.reduce((sum, row) => sum + (parseDecimal(String(row.networkFees), 18) ?? 0n), 0n)
    expect(networkFees).toBe(await balanceOf('network-fees:qbitflow:ETH'))
    const usd = rows.filter(({ tokenSymbol }) => tokenSymbol === 'USD')
    for (const row of usd)
      expect(formatDecimal(parseDecimal(String(row.grossAmount), 2) ?? 0n, 2)).toBe(row.grossAmount)
    expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  })

  test("shows a seller the seller's own, and another tenant nothing", async () => {
    const all = await exported()
    const [first] = sellers
    if (!first) throw new Error('there is no seller')
    const own = await exported(first)
    const expected = await shop.app.db.prisma.payment.count({ where: { userId: first.userId } })
    expect(own.filter(({ type }) => type !== 'refund')).toHaveLength(expected)
    expect(own.length).toBeLessThan(all.length)
    expect(await exported({ ...first, userId: null })).toEqual([])
    expect(await exported(await shop.actor('LIVE'))).toEqual([])
  })
})

test.each([
  [{}, ['REQUIRED from', 'REQUIRED to', 'REQUIRED format']],
  [{ from: '2026-02-30', to: '2026-03-01', format: 'csv' }, ['INVALID from']],
  [{ from: '2026-03-02', to: '2026-03-01', format: 'csv' }, ['INVALID to']],
  [{ from: '2026-03-01', to: '2026-03-01', format: 'xml' }, ['INVALID format']],
  [{ from: '2026-03-01', to: '2026-03-01', format: 'csv', timezone: 'Mars/Olympus' }, ['INVALID timezone']],
])('a period like %j is refused', async (input, problems) => {
  expect(await refusals((async () => shop.app.accounting.export(shop.owner, input))())).toEqual(problems)
})

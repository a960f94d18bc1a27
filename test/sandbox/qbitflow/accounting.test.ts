import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COLUMNS, type Row } from '../../../src/sandbox/qbitflow/accounting/columns.ts'
import { streamCsv } from '../../../src/sandbox/qbitflow/accounting/stream.ts'
import { subscribe } from './subscribers.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

const HEADER =
  'paymentId,type,txTimeUtc,receiptUrl,relatedPaymentId,productId,productName,productDescription,customerUuid,customerUUID,chain,' +
  'blockNumberOrSlot,txHash,fromAddress,toAddress,tokenSymbol,currencyDecimals,tokenContractOrMint,explorerUrl,' +
  'grossAmount,grossAmountUsd,platformFeePercent,platformFeeUsd,platformFee,organizationFeePercent,organizationFeeUsd,' +
  'organizationFee,networkFeesUsd,networkFees,netAmountUsd,netAmount'
const DAY = 24 * 60 * 60_000

let world: Playground
let paid: string
let bill: string
let refund: string

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  paid = await world.session({ productName: 'Tea, green', description: 'Two\nlines' })
  await world.play(paid, { outcome: 'PAY', currencySymbol: 'USDC', customer: PAYER })
  await world.passMinute()
  await world.passMinute()
  await reaches(world, paid, 'completed')
  const subscription = await subscribe(world)
  const { body: history } = await world.call('GET', `/v1/transaction/subscription/history/${subscription}`)
  bill = history[0].uuid
  const { body } = await world.call('POST', '/_sandbox/refunds', { transactionUUID: paid })
  refund = body.uuid
  world.aheadMs += 2 * DAY
  await world.call('POST', `/_sandbox/refunds/${refund}/approve`)
  await world.passMinute()
})

afterAll(() => world.close())

const day = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 10)

async function fetchExport(query: object): Promise<{ type: string | null; text: string; status: number }> {
  const response = await fetch(`${world.publicUrl}/v1/accounting/export?${new URLSearchParams({ ...query })}`, {
    headers: { 'X-API-Key': world.apiKey },
  })
  return { type: response.headers.get('content-type'), text: await response.text(), status: response.status }
}

const rowsOf = async (query: object) => JSON.parse((await fetchExport({ format: 'json', ...query })).text)

describe('the accounting export', () => {
  test('has a row for every payment, every bill and every refund, the newest first', async () => {
    const rows = await rowsOf({ from: '2020-01-01', to: day(3 * DAY) })
    expect(rows.map((row: { paymentId: string; type: string }) => [row.paymentId, row.type])).toEqual([
      [refund, 'refund'],
      [bill, 'subscription'],
      [`pay@${paid}`, 'one_time'],
    ])
    const { body: payment } = await world.call('GET', `/v1/transaction/payment/${paid}`)
    expect(rows[2]).toEqual({
      paymentId: `pay@${paid}`,
      type: 'one_time',
      txTimeUtc: payment.createdAt,
      receiptUrl: `${world.publicUrl}/checkout/${paid}/receipt`,
      relatedPaymentId: '',
      productId: 0,
      productName: 'Tea, green',
      productDescription: 'Two\nlines',
      customerUuid: payment.customerUUID,
      customerUUID: payment.customerUUID,
      chain: 'Ethereum',
      blockNumberOrSlot: expect.stringMatching(/^\d+$/),
      txHash: payment.transactionHash,
      fromAddress: payment.from,
      toAddress: payment.to,
      tokenSymbol: 'USDC',
      currencyDecimals: 6,
      tokenContractOrMint: expect.stringMatching(/^0x/),
      explorerUrl: expect.stringContaining(payment.transactionHash),
      grossAmount: expect.stringMatching(/^\d+(\.\d+)?$/),
      grossAmountUsd: 19.99,
      platformFeePercent: 1.5,
      platformFeeUsd: 0.3,
      platformFee: expect.stringMatching(/^0\.\d+$/),
      organizationFeePercent: 0,
      organizationFeeUsd: 0,
      organizationFee: '0',
      networkFeesUsd: 0,
      networkFees: '0',
      netAmountUsd: 19.69,
      netAmount: expect.stringMatching(/^\d+\.\d+$/),
    })
    expect(rows[0]).toMatchObject({
      relatedPaymentId: `pay@${paid}`,
      fromAddress: payment.to,
      toAddress: payment.from,
      grossAmountUsd: 19.99,
      platformFeeUsd: 0,
      networkFees: expect.stringMatching(/^0\.\d+$/),
      networkFeesUsd: expect.any(Number),
    })
    expect(rows[1].receiptUrl).toMatch(/\/subscription\/[0-9a-f-]{36}$/)
  })

  test('leaves no column out and sends none as null, so that a reader that requires each reads every row', async () => {
    const rows: Record<string, unknown>[] = await rowsOf({ from: '2020-01-01', to: day(3 * DAY) })
    expect(rows).toHaveLength(3)
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([...COLUMNS])
      for (const column of COLUMNS) {
        const isNumber = /^(productId|currencyDecimals)$|Usd$|Percent$/.test(column)
        expect([column, typeof row[column]]).toEqual([column, isNumber ? 'number' : 'string'])
      }
    }
    expect(rows[0]).toMatchObject({ type: 'refund', receiptUrl: '', productId: 0 })
  })

  test('as CSV has the columns in order, a header always, and text in quotes where it must', async () => {
    const { type, text } = await fetchExport({ from: '2020-01-01', to: day(3 * DAY), format: 'csv' })
    expect(type).toBe('text/csv; charset=utf-8')
    expect(text.startsWith(`${HEADER}\n${refund},refund,`)).toBe(true)
    expect(text).toContain(',"Tea, green","Two\nlines",')
    expect(text.endsWith('\n')).toBe(true)
    const empty = await fetchExport({ from: '2020-01-01', to: '2020-01-02', format: 'csv' })
    expect(empty.text).toBe(`${HEADER}\n`)
    expect(await rowsOf({ from: '2020-01-01', to: '2020-01-02' })).toEqual([])
  })

  test('doubles the quotes in a text that has some', async () => {
    const row = Object.fromEntries(COLUMNS.map((column) => [column, column === 'productName' ? 'A "good" tea' : 1]))
    async function* rows() {
      yield row as Row
    }
    const line = (await new Response(streamCsv(rows())).text()).split('\n')[1]
    expect(line).toBe(COLUMNS.map((column) => (column === 'productName' ? '"A ""good"" tea"' : '1')).join(','))
  })

  test('takes both of its days in', async () => {
    const { body: payment } = await world.call('GET', `/v1/transaction/payment/${paid}`)
    const on = payment.createdAt.slice(0, 10)
    expect((await rowsOf({ from: on, to: on })).length).toBeGreaterThanOrEqual(1)
    const before = new Date(new Date(on).getTime() - DAY).toISOString().slice(0, 10)
    expect(await rowsOf({ from: before, to: before })).toEqual([])
  })

  test('wants two real days in order, and a format', async () => {
    const valid = { from: '2026-01-01', to: '2026-01-31', format: 'json' }
    for (const change of [
      { from: '' },
      { to: '' },
      { format: '' },
      { format: 'xml' },
      { from: '2026-02-30' },
      { from: '2026-1-1' },
      { to: 'today' },
      { from: '2026-02-01' },
      { from: '2026-01-01T00:00:00Z' },
    ]) {
      const { status, text } = await fetchExport({ ...valid, ...change })
      expect([change, status, JSON.parse(text)]).toEqual([change, 400, { errors: expect.any(Array) }])
    }
  })

  test('is read page by page, so that it misses and repeats nothing of a long list', async () => {
    await world.pool.query(
      `INSERT INTO sandbox_document (tenant_id, provider, kind, id, body)
       SELECT tenant_id, provider, kind, 'copy-' || n, body || jsonb_build_object('uuid', 'copy-' || n)
       FROM sandbox_document, generate_series(1, 450) AS n WHERE kind = 'payment' AND id = $1`,
      [paid],
    )
    const rows = await rowsOf({ from: '2020-01-01', to: day(3 * DAY) })
    expect(rows).toHaveLength(453)
    expect(new Set(rows.map((row: { paymentId: string }) => row.paymentId)).size).toBe(453)
  })
})

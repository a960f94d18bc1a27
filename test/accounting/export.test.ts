import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COLUMNS } from '../../src/accounting/columns.ts'
import { type AccountingRow, figuresOf } from '../../src/accounting/event.ts'
import { exportText } from '../../src/accounting/export.ts'
import { newId } from '../../src/kernel/id.ts'

const HEADER =
  'paymentId,type,txTimeUtc,receiptUrl,relatedPaymentId,productId,productName,productDescription,customerUuid,chain,blockNumberOrSlot,txHash,fromAddress,toAddress,tokenSymbol,currencyDecimals,tokenContractOrMint,explorerUrl,grossAmount,grossAmountUsd,platformFeePercent,platformFeeUsd,platformFee,organizationFeePercent,organizationFeeUsd,organizationFee,networkFeesUsd,networkFees,netAmountUsd,netAmount,customerEmail,checkoutId,suspenseAmount,suspenseCurrency,reference,metadata,refundReference,refundMetadata'

const PAYMENT: AccountingRow = {
  tenantId: newId(),
  id: newId(),
  kind: 'PAYMENT',
  type: 'one_time',
  at: new Date('2026-11-21T04:58:27.123Z'),
  paymentId: newId(),
  provider: 'QBITFLOW',
  userId: null,
  customerId: newId(),
  productId: newId(),
  description: 'A mug',
  itemDescription: 'Blue, holds tea',
  chain: { name: 'Ethereum', coin: 'ETH', block: '123', token: '0xabc' },
  transactionHash: '0x1',
  fromAddress: '0x2',
  toAddress: '0x3',
  currency: 'USD',
  grossMinor: 2_000n,
  providerFeeMinor: 30n,
  organizationFeeMinor: 100n,
  settledMinor: 20_000_000n,
  settledCurrency: 'USDC',
  networkFeeMinor: null,
  networkFeeCurrency: null,
  providerFeeBps: 150,
  organizationFeeBps: 500,
  checkoutId: newId(),
  customerEmail: 'ada@shop.example',
  suspenseMinor: 1_870n,
  reference: 'order-1001',
  metadata: { table: 7, note: '=1+1, "please"', gift: false },
  refundReference: null,
  refundMetadata: null,
}
const REFUND: AccountingRow = {
  ...PAYMENT,
  id: newId(),
  kind: 'REFUND',
  type: 'refund',
  chain: { name: 'Ethereum', coin: 'ETH', block: '456', coinPriceUsd: '3000.5' },
  grossMinor: -2_000n,
  providerFeeMinor: 0n,
  organizationFeeMinor: 0n,
  settledMinor: -20_000_000n,
  networkFeeMinor: 97_500_000_000_000n,
  networkFeeCurrency: 'ETH',
  providerFeeBps: 0,
  organizationFeeBps: 0,
  refundReference: 'return-5',
  refundMetadata: { reason: 'broken' },
}

async function* pagesOf(...pages: AccountingRow[][]) {
  yield* pages
}

async function written(format: 'csv' | 'json', ...pages: AccountingRow[][]): Promise<string> {
  let text = ''
  for await (const piece of exportText(pagesOf(...pages), format)) text += piece
  return text
}

/** A reader of RFC 4180 that is not the writer. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

describe('the columns', () => {
  test('are those of the contract, in their order, in CSV and JSON alike', async () => {
    const [header = '', line = ''] = (await written('csv', [PAYMENT])).split('\r\n')
    expect(header).toBe(HEADER)
    expect(line.length).toBeGreaterThan(0)
    const [event] = JSON.parse(await written('json', [PAYMENT]))
    expect(Object.keys(event).join()).toBe(HEADER)
  })

  test('tell of a payment what was paid, what was kept and what is left', async () => {
    const [event] = JSON.parse(await written('json', [PAYMENT]))
    expect(event).toMatchObject({
      type: 'one_time',
      txTimeUtc: '2026-11-21T04:58:27.123Z',
      relatedPaymentId: '',
      productName: 'A mug',
      chain: 'Ethereum',
      blockNumberOrSlot: '123',
      tokenSymbol: 'USDC',
      currencyDecimals: 6,
      grossAmount: '20.000000',
      grossAmountUsd: 20,
      platformFeePercent: 1.5,
      platformFeeUsd: 0.3,
      platformFee: '0.300000',
      organizationFeePercent: 5,
      organizationFeeUsd: 1,
      organizationFee: '1.000000',
      networkFeesUsd: null,
      networkFees: '',
      netAmountUsd: 18.7,
      netAmount: '18.700000',
      customerEmail: 'ada@shop.example',
      checkoutId: expect.stringMatching(/^chk_/),
      suspenseAmount: '18.70',
      suspenseCurrency: 'USD',
      reference: 'order-1001',
      metadata: { table: 7, note: '=1+1, "please"', gift: false },
      refundReference: '',
      refundMetadata: {},
    })
  })

  test('tell a basket in one line of the CSV, and as it is in JSON', async () => {
    const basket = { ...PAYMENT, itemDescription: '2 × T-shirt: 39.98 USD\nMug: 12.50 USD' }
    const [header = [], row = []] = parse(await written('csv', [basket]))
    expect(row[header.indexOf('productDescription')]).toBe('2 × T-shirt: 39.98 USD; Mug: 12.50 USD')
    const [event] = JSON.parse(await written('json', [basket]))
    expect(event.productDescription).toBe(basket.itemDescription)
  })

  test('tell the order number and metadata of the payment in the row of its refund too, beside those of the refund', async () => {
    const refund = { ...REFUND, reference: '=cmd' }
    const [event] = JSON.parse(await written('json', [refund]))
    expect(event).toMatchObject({
      reference: '=cmd',
      refundReference: 'return-5',
      refundMetadata: { reason: 'broken' },
    })
    const [header = [], row = []] = parse(await written('csv', [refund]))
    const cell = (name: string) => row[header.indexOf(name)]
    expect(cell('reference')).toBe("'=cmd")
    expect(JSON.parse(cell('metadata') ?? '')).toEqual(PAYMENT.metadata)
    expect(JSON.parse(cell('refundMetadata') ?? '')).toEqual({ reason: 'broken' })
    const [, plain = []] = parse(await written('csv', [{ ...PAYMENT, reference: null, metadata: {} }]))
    expect([plain[header.indexOf('reference')], plain[header.indexOf('metadata')]]).toEqual(['', ''])
  })

  test('tell the rates of the fees as they are, not as whole cents come to, and those where no rate is known', async () => {
    const cheap = { ...PAYMENT, grossMinor: 99n, providerFeeMinor: 1n, organizationFeeMinor: 5n }
    const unknown = { ...cheap, providerFeeBps: null, organizationFeeBps: null }
    const [known, computed] = JSON.parse(await written('json', [cheap, unknown]))
    expect([known.platformFeePercent, known.organizationFeePercent]).toEqual([1.5, 5])
    expect([computed.platformFeePercent, computed.organizationFeePercent]).toEqual([1.01, 5.05])
  })

  test('tell of a refund below zero, with its payment and what the network took', async () => {
    const [event] = JSON.parse(await written('json', [REFUND]))
    expect(event).toMatchObject({
      type: 'refund',
      relatedPaymentId: expect.stringMatching(/^pay_/),
      paymentId: expect.stringMatching(/^rfnd_/),
      grossAmount: '-20.000000',
      grossAmountUsd: -20,
      platformFeeUsd: 0,
      networkFees: '0.000097500000000000',
      networkFeesUsd: 0.29,
      netAmountUsd: -20,
    })
  })

  test('leave USD out where the price is in another currency', async () => {
    const yen = { ...PAYMENT, currency: 'JPY', settledMinor: null, settledCurrency: null }
    const [event] = JSON.parse(await written('json', [yen]))
    expect(event).toMatchObject({ tokenSymbol: 'JPY', grossAmount: '2000', grossAmountUsd: null, netAmountUsd: null })
  })
})

describe('the file', () => {
  test('has its header, or its brackets, also without a row', async () => {
    expect(await written('csv', [])).toBe(`${HEADER}\r\n`)
    expect(JSON.parse(await written('json', []))).toEqual([])
    expect(JSON.parse(await written('json', [PAYMENT], [], [PAYMENT, REFUND]))).toHaveLength(3)
  })

  test('gives back any text that it was given, quoted where RFC 4180 wants it', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', 'é', ' ', '\u{1f600}'), minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        text.filter((value) => !/^[\r\t]/.test(value)),
        async (description) => {
          const csv = parse(await written('csv', [{ ...PAYMENT, description }, REFUND]))
          const column = COLUMNS.findIndex(({ name }) => name === 'productName')
          expect(csv).toHaveLength(3)
          expect(csv.map((row) => row.length)).toEqual(Array(3).fill(COLUMNS.length))
          expect(csv[1]?.[column]).toBe(description)
        },
      ),
    )
  })

  test.each(['customerEmail', 'fromAddress', 'chain'])('makes no formula of %s that others wrote', async (name) => {
    const evil = { customerEmail: '=x@shop.example', fromAddress: '@A1', chain: { name: '+1' } }
    const column = COLUMNS.findIndex((one) => one.name === name)
    expect(parse(await written('csv', [{ ...PAYMENT, ...evil }]))[1]?.[column]).toMatch(/^'[=@+]/)
  })

  test('begins with a byte order mark where one is asked for, in csv alone', async () => {
    const text = async (format: 'csv' | 'json') => {
      const pieces: string[] = []
      for await (const piece of exportText(pagesOf([PAYMENT]), format, { bom: true })) pieces.push(piece)
      return pieces.join('')
    }
    expect(await text('csv')).toBe(`\uFEFF${await written('csv', [PAYMENT])}`)
    expect(await text('json')).toBe(await written('json', [PAYMENT]))
  })

  test.each(
    [
      ['=1+1', '+1', '-1', '@SUM(A1)', '\tx'],
      ['＝1+1', '＋1', '－1', '＠SUM(A1)', '﹦1', '⁺1'],
      [' =1+1', '\u00a0＝1', '\u3000-1', '\u200b=1', '\r\n=1', '\ufeff@x', '\t '],
    ].flat(),
  )('makes no formula of a name like %j in CSV, and JSON keeps it', async (description) => {
    const column = COLUMNS.findIndex(({ name }) => name === 'productName')
    expect(parse(await written('csv', [{ ...PAYMENT, description }]))[1]?.[column]).toBe(`'${description}`)
    expect(JSON.parse(await written('json', [{ ...PAYMENT, description }]))[0].productName).toBe(description)
  })

  test('writes amounts that no float could hold to the last digit', async () => {
    const huge = { ...PAYMENT, grossMinor: 10n ** 30n + 1n, providerFeeMinor: 0n, organizationFeeMinor: 0n }
    expect(await written('json', [huge])).toContain('"grossAmountUsd":10000000000000000000000000000.01,')
    expect(await written('csv', [huge])).toContain(',10000000000000000000000000000.01,')
  })
})

test('the shares of an amount add up to it, in the currency of the price and in the one that was paid', () => {
  const MINOR = fc.bigInt({ min: 1n, max: 10n ** 24n })
  fc.assert(
    fc.property(
      MINOR,
      MINOR,
      fc.integer({ min: 0, max: 1_000 }),
      fc.integer({ min: 0, max: 1_000 }),
      (gross, settled, a, b) => {
        const providerFeeMinor = (gross * BigInt(a)) / 10_000n
        const organizationFeeMinor = (gross * BigInt(b)) / 10_000n
        const row = { ...PAYMENT, grossMinor: gross, settledMinor: settled, providerFeeMinor, organizationFeeMinor }
        for (const shares of [figuresOf(row).priced, figuresOf(row).paid]) {
          expect(shares.platformFee + shares.organizationFee + shares.net).toBe(shares.gross)
        }
        const back = figuresOf({ ...REFUND, grossMinor: -gross, settledMinor: -settled })
        expect([back.priced.net, back.paid.net]).toEqual([-gross, -settled])
      },
    ),
  )
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DomainError } from '../../src/kernel/errors.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { email, id, metadata, optional, price, text, webUrl } from '../../src/kernel/input.ts'
import { MAX_MINOR } from '../../src/kernel/money.ts'
import { validate } from '../../src/kernel/validate.ts'

const Item = z.object({
  name: text(10, 2),
  note: optional(text(5)),
  email: optional(email),
  url: optional(webUrl),
  price: z.preprocess((value) => value ?? {}, price),
  productId: optional(id('Product')),
  metadata: optional(metadata),
})
const GOOD = { name: 'A mug', price: { amount: '9.99', currency: 'USD' } }

/** Each problem as its code and path; nothing when the input is good. */
function problems(input: unknown): string[] {
  try {
    validate(Item, input)
    return []
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return error.problems.map(({ code, field = [] }) => `${code} ${field.join('.')}`)
  }
}

test('good input comes out as the schema reads it', () => {
  const uuid = newId()
  const given = { ...GOOD, name: '  A mug ', note: null, productId: encodeId('Product', uuid) }
  expect(validate(Item, given)).toMatchObject({ name: 'A mug', note: undefined, productId: uuid })
  expect(validate(Item, GOOD).price).toMatchObject({ minor: 999n, currency: { code: 'USD' } })
})

test('every bad field is reported at once, by its path', () => {
  const bad = {
    name: '',
    note: 'too long',
    email: 'nobody',
    url: 'ftp://x',
    price: { amount: '0', currency: 'USD' },
    productId: 'prod_1',
    metadata: { 'bad key': 1 },
  }
  expect(problems(bad)).toEqual([
    'TOO_SHORT name',
    'TOO_LONG note',
    'INVALID email',
    'INVALID url',
    'OUT_OF_RANGE price.amount',
    'NOT_FOUND productId',
    'INVALID metadata.bad key',
  ])
})

describe('text', () => {
  test.each([
    ['missing', undefined, 'REQUIRED name'],
    ['null', null, 'REQUIRED name'],
    ['empty', '', 'TOO_SHORT name'],
    ['blank', '   ', 'TOO_SHORT name'],
    ['over-long', 'x'.repeat(11), 'TOO_LONG name'],
    ['a number', 7, 'INVALID name'],
    ['a NUL, which no text in PostgreSQL holds', 'a\u0000b', 'INVALID name'],
    ['half a character', 'a\ud800b', 'INVALID name'],
  ])('that is %s is refused', (_, name, problem) => {
    expect(problems({ ...GOOD, name })).toEqual([problem])
  })

  test('that must not be empty is REQUIRED when it is', () => {
    expect(problems({ ...GOOD, note: ' ' })).toEqual(['REQUIRED note'])
  })

  test('counts characters, not bytes, and keeps every script', () => {
    expect(problems({ ...GOOD, name: 'чашка чая' })).toEqual([])
  })
})

describe('a price', () => {
  test.each([
    ['missing', undefined, ['REQUIRED price.amount', 'REQUIRED price.currency']],
    ['null', null, ['REQUIRED price.amount', 'REQUIRED price.currency']],
    ['empty', {}, ['REQUIRED price.amount', 'REQUIRED price.currency']],
    ['of nothing', { amount: '', currency: 'USD' }, ['INVALID price.amount']],
    ['of zero', { amount: '0.00', currency: 'USD' }, ['OUT_OF_RANGE price.amount']],
    ['below zero', { amount: '-1', currency: 'USD' }, ['OUT_OF_RANGE price.amount']],
    ['with too many decimals', { amount: '1.001', currency: 'USD' }, ['INVALID price.amount']],
    ['with decimals where the currency has none', { amount: '1.5', currency: 'JPY' }, ['INVALID price.amount']],
    ['of an unknown currency', { amount: '1', currency: 'XYZ' }, ['INVALID price.currency']],
    ['of a currency in lower case', { amount: '1', currency: 'usd' }, ['INVALID price.currency']],
    ['of a name of JavaScript', { amount: '1', currency: 'constructor' }, ['INVALID price.currency']],
    ['as a number', { amount: 9.99, currency: 'USD' }, ['INVALID price.amount']],
    ['in words', { amount: 'ten', currency: 'USD' }, ['INVALID price.amount']],
    ['too large for the database', { amount: '1'.repeat(38), currency: 'USD' }, ['OUT_OF_RANGE price.amount']],
    ['too large to be read', { amount: '1'.repeat(400), currency: 'USD' }, ['INVALID price.amount']],
    ['no object', 'USD 5', ['INVALID price']],
  ])('%s is refused', (_, given, expected) => {
    expect(problems({ ...GOOD, price: given })).toEqual(expected)
  })

  test('may be as large as the database holds', () => {
    expect(validate(Item, { ...GOOD, price: { amount: String(MAX_MINOR), currency: 'JPY' } }).price.minor).toBe(
      MAX_MINOR,
    )
  })
})

describe('an id', () => {
  test.each([
    ['unknown', 'prod_00000000000000000000000000x'],
    ['of another kind', encodeId('Customer', newId())],
    ['empty', ''],
    ['over-long', `prod_${'0'.repeat(5_000)}`],
  ])('that is %s is not found', (_, productId) => {
    expect(problems({ ...GOOD, productId })).toEqual(['NOT_FOUND productId'])
  })
})

describe('an address', () => {
  test('of the web is absolute, http or https, and holds no password', () => {
    for (const url of ['https://shop.example/?id={{UUID}}', 'http://localhost:3000/done']) {
      expect(problems({ ...GOOD, url })).toEqual([])
    }
    for (const url of ['/done', 'shop.example', 'javascript:alert(1)', 'https://me:secret@shop.example', 'https://']) {
      expect(problems({ ...GOOD, url }), url).toEqual(['INVALID url'])
    }
  })

  test('of e-mail has one @ and a dotted domain', () => {
    for (const address of ['ada@example.com', 'ada+shop@mail.example.co.uk']) {
      expect(problems({ ...GOOD, email: address })).toEqual([])
    }
    for (const address of ['ada', 'ada@', '@example.com', 'a b@example.com', 'a@b@example.com', 'ada@localhost']) {
      expect(problems({ ...GOOD, email: address }), address).toEqual(['INVALID email'])
    }
  })
})

describe('metadata', () => {
  test('is a flat object of text, numbers and booleans', () => {
    expect(problems({ ...GOOD, metadata: { size: 'L', count: 2, gift: true } })).toEqual([])
    for (const value of [{ a: {} }, { a: [1] }, { a: null }]) {
      expect(problems({ ...GOOD, metadata: value })).toEqual(['INVALID metadata.a'])
    }
    expect(problems({ ...GOOD, metadata: [] })).toEqual(['INVALID metadata'])
  })

  test('has at most 24 keys, of 100 characters, with values of 500', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]))
    expect(problems({ ...GOOD, metadata: keys(24) })).toEqual([])
    expect(problems({ ...GOOD, metadata: keys(25) })).toEqual(['TOO_LONG metadata'])
    expect(problems({ ...GOOD, metadata: { ['k'.repeat(101)]: 1 } })).toEqual([`INVALID metadata.${'k'.repeat(100)}`])
    expect(problems({ ...GOOD, metadata: { k: 'v'.repeat(501) } })).toEqual(['TOO_LONG metadata.k'])
  })

  test('holds only text that the database can keep', () => {
    expect(problems({ ...GOOD, metadata: { k: 'a\u0000' } })).toEqual(['INVALID metadata.k'])
    expect(problems({ ...GOOD, metadata: { k: '\udc00' } })).toEqual(['INVALID metadata.k'])
  })
})

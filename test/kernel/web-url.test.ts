import { describe, expect, test } from 'vitest'
import { webUrl } from '../../src/kernel/input.ts'

const problems = (value: unknown) => webUrl.safeParse(value).error?.issues.map(({ message }) => message) ?? []

describe('an address that is given as input', () => {
  test.each([
    ['https://shop.example', 'https://shop.example/'],
    ['  https://shop.example/thanks ', 'https://shop.example/thanks'],
    ['HTTPS://Shop.Example:443/A/../b', 'https://shop.example/b'],
    ['https://köln.example/straße?q=ß', 'https://xn--kln-sna.example/stra%C3%9Fe?q=%C3%9F'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['https://shop.example/{{UUID}}?t={{TRANSACTION_TYPE}}', 'https://shop.example/{{UUID}}?t={{TRANSACTION_TYPE}}'],
    ['https://shop.example/%7B%7Bx y%7D%7D', undefined],
  ])('%s is kept in its normal form', (value, kept) => {
    expect(webUrl.safeParse(value).data).toBe(kept)
  })

  test.each([
    'https://shop.example/\nSet-Cookie: a=b',
    'https://shop.example/\r\nx',
    'https://shop\t.example/',
    'java\nscript:alert(1)',
    'https:\\\\evil.example\\x',
    'https://shop.example\\@evil.example/',
    'https://shop.example/a b',
    'https://shop.example/\u0000',
    'https://shop.example/\u0085x',
    'https://shop.example/\u2028x',
    'https://shop.example/\u007f',
  ])('%j is refused for what parsers drop or turn in silence', (value) => {
    expect(problems(value)).toEqual([expect.stringMatching(/^must not contain/)])
  })

  test.each([
    'javascript:alert(1)',
    'ftp://shop.example',
    '/thanks',
    'shop.example',
    'https:shop.example',
    'https://',
    'data:text/html,x',
  ])('%s is refused as no absolute address', (value) =>
    expect(problems(value)).toEqual(['must be an absolute http or https URL']),
  )

  test.each(['https://a:b@shop.example', 'https://a@shop.example', 'https://:b@shop.example'])(
    '%s is refused for what it carries',
    (value) => expect(problems(value)).toEqual(['must not contain a user name or password']),
  )

  test('is refused where its normal form is too long', () => {
    expect(problems(`https://shop.example/${'é'.repeat(1_000)}`)).toEqual([
      'must have at most 2048 characters when encoded',
    ])
  })
})

test('a placeholder in the host, which could never be filled in, is refused', () => {
  for (const url of ['https://{{CHECKOUT_ID}}.example/', 'https://{{UUID}}/back']) {
    expect(webUrl.safeParse(url).error?.issues[0]?.message, url).toBe('must not have a placeholder in its host')
  }
  expect(webUrl.parse('https://shop.example/{{CHECKOUT_ID}}')).toBe('https://shop.example/{{CHECKOUT_ID}}')
})

import { describe, expect, test } from 'vitest'
import { canonicalJson, isSigned, sign } from '../../../src/sandbox/qbitflow/signature.ts'

const FIRST = { secret: 'whsec_test_0123456789abcdef', timestamp: '1700000000' }
const SECOND = { secret: 'whsec_golden_secret_0123456789', timestamp: '1758540000' }

const VECTORS = [
  { ...FIRST, payload: '{}', hex: '86e42664e55bdef9d21c29ec99ef840bb60f05f718392629bb0eb162a585147e' },
  {
    ...FIRST,
    payload: '{"b":2,"a":1,"c":3}',
    hex: 'cefa417c919e24dadad16670fb997f379aece68be25f46d70bd2ee6541bb7b0a',
  },
  {
    ...FIRST,
    payload: '{"z":{"y":1,"x":2},"a":[{"d":4,"c":3}]}',
    hex: '710b9fed39bfd9f5c087f26f4bbb91eb5a30a56fc8e2f8e4ba41c0b92b7949a7',
  },
  {
    ...FIRST,
    payload: '{"url":"https://x.test/a?b=1&c=2","tag":"<b>"}',
    hex: '28b274c01275f3ea7c03f3feb7fd2ec52a9594333779cae66f975d8914bc9383',
  },
  {
    ...FIRST,
    payload: '{"whole":1.0,"negWhole":-2.0,"frac":2.50}',
    hex: '568f803efa06262d9bc43020a326a2d335739bc54c2f1f546d2f0c4d7ac70619',
  },
  {
    ...SECOND,
    payload: '{"a":-0,"b":-0.0,"c":1E2,"d":1e-7,"e":-1.5e-10,"f":0.0,"g":-0.000001}',
    hex: '45e3033a130332ab91bce58115d670ac83a9d4a41b59f51323c4e20625bcd2bc',
  },
  {
    ...SECOND,
    payload: '{"emptyObj":{},"emptyArr":[],"list":[{},[],[[]],[{}]],"s":""}',
    hex: 'de1584470053d814ee8903db86fbe07517e13a0282c1e682587ed77659f9231a',
  },
]

describe('a signature', () => {
  test.each(VECTORS)('of $payload is the one that the provider makes', ({ secret, timestamp, payload, hex }) => {
    expect(sign(secret, timestamp, JSON.parse(payload))).toBe(hex)
  })

  test('writes keys by their bytes and what Go would escape', () => {
    const value = { é: 1, z: '\u2028\u2029<>&', '\u{10000}': 2, '\uffff': 3, lone: '\ud800' }
    expect(canonicalJson(value)).toBe(
      '{"lone":"\ufffd","z":"\\u2028\\u2029\\u003c\\u003e\\u0026","é":1,"\uffff":3,"\u{10000}":2}',
    )
  })

  test('is accepted for five minutes in both directions, with or without its prefix', () => {
    const { secret, timestamp } = FIRST
    const hex = sign(secret, timestamp, { a: 1 })
    const at = (seconds: number) => new Date((Number(timestamp) + seconds) * 1_000)
    const accepted = (signature: string, now: Date, text = timestamp) =>
      isSigned(secret, text, { a: 1 }, signature, now)
    expect(accepted(hex, at(300))).toBe(true)
    expect(accepted(`sha256=${hex}`, at(-300))).toBe(true)
    expect(accepted(hex, at(301))).toBe(false)
    expect(accepted(hex, at(-301))).toBe(false)
    expect(accepted(hex, at(0), '17e8')).toBe(false)
    expect(accepted(hex.replace(/^./, 'x'), at(0))).toBe(false)
    expect(accepted('short', at(0))).toBe(false)
  })
})

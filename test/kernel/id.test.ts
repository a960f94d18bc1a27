import { expect, test } from 'vitest'
import { decodeId, encodeId, type IdKind, newId, PREFIXES } from '../../src/kernel/id.ts'

const KINDS = Object.keys(PREFIXES) as IdKind[]

test('an id of every kind comes back as its kind and UUID', () => {
  for (const kind of KINDS) {
    const uuid = newId()
    const text = encodeId(kind, uuid)
    expect(text).toMatch(new RegExp(`^${PREFIXES[kind]}_[0-9a-hjkmnp-tv-z]{26}$`))
    expect(decodeId(text)).toEqual({ kind, uuid })
  }
})

test('every kind has a prefix of its own', () => {
  expect(new Set(Object.values(PREFIXES)).size).toBe(KINDS.length)
})

test('what is no id of ours is none', () => {
  const suffix = encodeId('Product', newId()).slice('prod_'.length)
  const foreign = [
    '',
    '_',
    'prod',
    'prod_',
    `prod_${suffix}0`,
    `prod_${suffix.slice(1)}`,
    `prod_${suffix.toUpperCase()}`,
    `prod_8${suffix.slice(1)}`,
    `prod_zzzzzzzzzzzzzzzzzzzzzzzzzz`,
    `prod_u${suffix.slice(1)}`,
    `prod__${suffix}`,
    `PROD_${suffix}`,
    `order_${suffix}`,
    ` prod_${suffix}`,
    `prod_${suffix}\n`,
    newId(),
    `prod_${newId()}`,
    "prod_' or 1=1",
    'constructor_x',
    `__proto___${suffix}`,
    'prod_\u0000',
  ]
  for (const text of foreign) expect(decodeId(text), JSON.stringify(text)).toBeUndefined()
})

test('ids that are made later sort later', () => {
  const ids = Array.from({ length: 1_000 }, () => encodeId('Event', newId()))
  expect(ids.toSorted()).toEqual(ids)
})

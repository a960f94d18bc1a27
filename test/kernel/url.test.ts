import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseUrl } from '../../src/kernel/url.ts'

const UMLAUTS = 'https://köln.example/straße'

test('an address with letters beyond ASCII is one however often addresses were read', () => {
  const read = (text: string) => parseUrl(text)?.host
  const hosts = new Set<string | undefined>()
  for (let n = 0; n < 20_000; n++) hosts.add(read(UMLAUTS))
  expect([...hosts]).toEqual(['xn--kln-sna.example'])
})

test('what is no address is none, and a path is one beside a base', () => {
  expect([parseUrl('no address'), parseUrl('http://'), parseUrl('/path')]).toEqual([undefined, undefined, undefined])
  expect(parseUrl('/path', 'https://shop.example/a')?.href).toBe('https://shop.example/path')
})

test('the source asks nobody else whether a text is an address', () => {
  const src = new URL('../../src/', import.meta.url)
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(files.filter((name) => readFileSync(new URL(name, src), 'utf8').includes('URL.canParse('))).toEqual([])
})

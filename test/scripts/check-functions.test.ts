import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/check-functions.mjs', import.meta.url))
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** What the check says about a folder whose src/ has these files. */
function check(files: Readonly<Record<string, string>>): { code: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-functions-'))
  folders.push(folder)
  mkdirSync(join(folder, 'src'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'src', name), text)
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: 'utf8' })
  return { code: status, said: stderr }
}

const lines = (count: number, line = '  use(1)') => Array.from({ length: count }, () => line).join('\n')
const PASSED = { code: 0, said: '' }

/** Forms of a function, around a body of so many lines; each adds a first and a last line. */
const FORMS: Readonly<Record<string, (body: string) => string>> = {
  'a function': (body) => `function long() {\n${body}\n}\n`,
  'a function with a comment above it': (body) => `/**\n * Why.\n */\nasync function long() {\n${body}\n}\n`,
  'an arrow function': (body) => `const long = () => {\n${body}\n}\n`,
  'a function expression': (body) => `const long = function () {\n${body}\n}\n`,
  'a method of an object': (body) => `const it = { long() {\n${body}\n} }\n`,
  'a method of a class': (body) => `class It { long() {\n${body}\n} }\n`,
  'a getter': (body) => `class It { get long() {\n${body}\n} }\n`,
}

/** A file for each form, whose function has so many lines. */
function eachForm(count: number): Record<string, string> {
  const bodies = Object.values(FORMS).map((around) => around(lines(count - 2)))
  return Object.fromEntries(bodies.map((text, index) => [`${index}.ts`, text]))
}

test('a function of any form fits with 60 lines', () => {
  expect(check(eachForm(60))).toEqual(PASSED)
})

test('a function of any form is refused with 61 lines, by its name and place', () => {
  const { code, said } = check(eachForm(61))
  expect(code).toBe(1)
  const places = Object.keys(FORMS).map((form, index) => `src/${index}.ts:${form.includes('comment') ? 4 : 1}`)
  const complaints = places.map((place) => `${place}: long has 61 lines; a function has at most 60\n`)
  expect(said.split(/(?<=\n)/).sort()).toEqual(complaints)
})

test('scripts of pages are held to the same', () => {
  expect(check({ 'page.js': `function long() {\n${lines(59)}\n}\n` }).code).toBe(1)
})

test('a list of fields may be as long as its type, but no function inside it', () => {
  const list = (field: string) => `implement({\n  fields: (t) => ({\n${field}\n  }),\n})\n`
  expect(check({ 'type.ts': list(lines(70, '    id: t.id(),')) })).toEqual(PASSED)
  const resolver = `    id: t.id({ resolve: () => {\n${lines(59)}\n    } }),`
  expect(check({ 'type.ts': list(resolver) }).said).toContain('resolve has 61 lines')
})

test.each([
  ['answers with a block', `implement({ fields: (t) => {\n${lines(59)}\n} })\n`],
  ['has another name', `implement({ values: (t) => ({\n${lines(59, '  a: 1,')}\n}) })\n`],
  ['is a function of its own', `const fields = (t) => ({\n${lines(59, '  a: 1,')}\n})\n`],
])('no list of fields is one that %s', (_why, text) => {
  expect(check({ 'type.ts': text }).code).toBe(1)
})

test('a file of 300 lines fits, and of 301 is refused', () => {
  const short = { 'b.ts': 'use(1)\n', 'c.ts': 'use(1)\n' }
  expect(check({ ...short, 'a.ts': `${lines(300)}\n` })).toEqual(PASSED)
  expect(check({ ...short, 'a.ts': `${lines(301)}\n` }).said).toBe('src/a.ts: has 301 lines; a file has at most 300\n')
})

test('half of the files have fewer than 90 lines', () => {
  expect(check({ 'a.ts': 'use(1)\n', 'b.ts': lines(89), 'c.ts': lines(200) })).toEqual(PASSED)
  expect(check({ 'a.ts': 'use(1)\n', 'b.ts': lines(90), 'c.ts': lines(200) }).said).toContain('have 90 lines or more')
})

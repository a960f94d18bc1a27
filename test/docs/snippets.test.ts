import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { MANUAL, type Snippet, snippetsIn } from './manual.ts'

const LICENSE = new URL('../../LICENSE', import.meta.url)
const PACKAGE = new URL('../../package.json', import.meta.url)

/** Every call of curl, on as many lines as it has: in fences, and indented by four blanks. */
const CALLS: readonly Snippet[] = [
  ...snippetsIn(MANUAL, 'sh').filter(({ text }) => text.startsWith('curl')),
  ...MANUAL.flatMap(({ path: page, text }) =>
    [...text.matchAll(/^ {4}(curl (?:[^\n]*\\\n)*[^\n]*)$/gm)].map(([, call = '']) => ({ page, text: call })),
  ),
]
/** From then on every other call would need a client's token. */
const isLast = ({ text }: Snippet) => text.includes('setClientAuthentication')
const DOCUMENTS = snippetsIn(MANUAL, 'graphql')
const COMPLETE = DOCUMENTS.filter(({ text }) => !text.includes('"…"'))
/** A document that makes the provider fail is the last. */
const ORDERED = [...COMPLETE.filter(isHarmless), ...COMPLETE.filter((each) => !isHarmless(each))]

function isHarmless({ text }: Snippet): boolean {
  return !text.includes('injectFault')
}

let gateway: OpenGateway
let folder: string
beforeAll(async () => {
  gateway = await startGateway()
  folder = mkdtempSync(join(tmpdir(), 'tollgate-manual-'))
})
afterAll(async () => {
  await gateway.stop()
  rmSync(folder, { recursive: true, force: true })
})

function shell(script: string): Promise<{ code: number; stdout: string }> {
  const env = { PATH: process.env.PATH, KEY: gateway.key }
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: folder, env }, (error, stdout) => {
      resolve({ code: error ? Number(error.code) : 0, stdout })
    })
  })
}

async function expectAnswer({ text }: Snippet): Promise<void> {
  const { code, stdout } = await shell(text.replaceAll(/(http:\/\/)?localhost:4000/g, gateway.url))
  expect(code).toBe(0)
  expect(stdout).not.toMatch(/"errors":|"userErrors":\[\{/)
}

interface Payload {
  readonly userErrors?: readonly object[]
  readonly account?: { readonly id: string }
}

async function ask(query: string) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as { data: Record<string, Payload>; errors?: readonly object[] }
}

/** An account for each `acct_…` of a document, with money in it. */
async function withAccounts(document: string): Promise<string> {
  let filled = document
  for (let made = 0; filled.includes('acct_…'); made++) {
    const { data } = await ask(
      'mutation { createAccount(input: { currency: "USD", kind: CLIENT }) { account { id } } }',
    )
    const id = data.createAccount?.account?.id ?? ''
    await ask(`mutation { fundAccount(input: { idempotencyKey: "readme-${made}", accountId: "${id}",
      total: { amount: "1000.00", currency: "USD" } }) { userErrors { message } } }`)
    filled = filled.replace('acct_…', id)
  }
  return filled
}

describe('the README and the manual', () => {
  test.each(DOCUMENTS)('have GraphQL that the schema knows: $page $text', ({ text }) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([])
  })

  // Before the documents, one of which makes the provider fail.
  test.each(CALLS.filter((call) => !isLast(call)))('have a call that is answered: $page $text', expectAnswer)

  test.each(ORDERED)('have GraphQL that does what it says: $page $text', async ({ text }) => {
    const { data, errors } = await ask(await withAccounts(text))
    expect(errors).toBeUndefined()
    for (const payload of Object.values(data)) expect(payload.userErrors ?? []).toEqual([])
  })

  test.each(CALLS.filter(isLast))('have a call that is answered: $page $text', expectAnswer)

  test('have calls and documents at all', () => {
    expect([CALLS.length > 5, DOCUMENTS.length > 5, CALLS.filter(isLast).length]).toEqual([true, true, 1])
  })
})

test('the licence that package.json names is there', () => {
  const { license } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  expect(license).toBe('MIT')
  expect(existsSync(LICENSE)).toBe(true)
  expect(readFileSync(LICENSE, 'utf8')).toContain('MIT License\n\nCopyright (c) 2026 The Tollgate authors\n')
})

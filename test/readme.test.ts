import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../src/graphql/schema.ts'
import { type OpenGateway, startGateway } from './support/gateway.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const LICENSE = new URL('../LICENSE', import.meta.url)
const PACKAGE = new URL('../package.json', import.meta.url)

/** What stands between the fences of a language. */
function fenced(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text)
}

/** Every call of curl, on as many lines as it has: in fences, and indented by four blanks. */
const CALLS = [
  ...fenced('sh').flatMap((text) => (text.startsWith('curl') ? [text] : [])),
  ...[...README.matchAll(/^ {4}(curl (?:[^\n]*\\\n)*[^\n]*)$/gm)].map(([, text = '']) => text),
]
/** From then on every other call would need a client's token. */
const isLast = (call: string) => call.includes('setClientAuthentication')
const DOCUMENTS = fenced('graphql')

let gateway: OpenGateway
let folder: string
beforeAll(async () => {
  gateway = await startGateway()
  folder = mkdtempSync(join(tmpdir(), 'tollgate-readme-'))
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

async function expectAnswer(call: string): Promise<void> {
  const { code, stdout } = await shell(call.replaceAll(/(http:\/\/)?localhost:4000/g, gateway.url))
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

describe('the README', () => {
  test.each(DOCUMENTS)('has GraphQL that the schema knows: %s', (document) => {
    expect(validate(schema, parse(document)).map(({ message }) => message)).toEqual([])
  })

  // Before the documents, one of which makes the provider fail.
  test.each(CALLS.filter((call) => !isLast(call)))('has a call that is answered: %s', expectAnswer)

  test.each(DOCUMENTS.filter((document) => !document.includes('"…"')))(
    'has GraphQL that does what it says: %s',
    async (document) => {
      const { data, errors } = await ask(await withAccounts(document))
      expect(errors).toBeUndefined()
      for (const payload of Object.values(data)) expect(payload.userErrors ?? []).toEqual([])
    },
  )

  test.each(CALLS.filter(isLast))('has a call that is answered: %s', expectAnswer)

  test('has calls and documents at all', () => {
    expect([CALLS.length > 5, DOCUMENTS.length > 5, CALLS.filter(isLast).length]).toEqual([true, true, 1])
  })
})

test('the licence that package.json names is there', () => {
  const { license } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  expect(license).toBe('MIT')
  expect(existsSync(LICENSE)).toBe(true)
  expect(readFileSync(LICENSE, 'utf8')).toContain('MIT License\n\nCopyright (c) 2026 The Tollgate authors\n')
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { type Api, apiOf } from '../support/api.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { ITEM } from '../support/storefront.ts'

/** Two hundred requests at once with one idempotency key, over two nodes on one PostgreSQL. */

const AT_ONCE = 200

interface Answer {
  readonly object: { readonly id: string } | null
  readonly replayed: boolean
  readonly userErrors: readonly { readonly code: string }[]
}

let database: TestDatabase
let nodes: Awaited<ReturnType<typeof startNode>>[]
let apis: Api[]

beforeAll(async () => {
  database = await freshDatabase()
  const first = await startNode(database.url)
  const second = await startNode(database.url, { publicUrl: first.url })
  nodes = [first, second]
  apis = nodes.map(({ url }) => apiOf(url, first.gateway.testKey ?? ''))
})
afterAll(async () => {
  for (const node of nodes ?? []) await node.stop()
  await database?.drop()
})

test('a transaction is posted once, and all are given it', async () => {
  const [source, destination] = [await account('10'), await account()]
  const input = payment(source, destination)
  await allAtOnce('createTransaction', 'transaction', input, [])
  expect(await postings(source)).toBe(1)
})

test('a refusal is made once, and all are given it', async () => {
  const [source, destination] = [await account(), await account()]
  await allAtOnce('createTransaction', 'transaction', payment(source, destination), ['INSUFFICIENT_FUNDS'])
  expect(await postings(source)).toBe(0)
})

test('a hold is made once, and all are given it', async () => {
  const [source, destination] = [await account('10'), await account()]
  await allAtOnce('createHold', 'transaction', payment(source, destination), [])
  expect(await postings(source)).toBe(1)
})

test('a checkout is opened once, and all are given it', async () => {
  const before = await count('checkout')
  await allAtOnce('createCheckout', 'checkout', { kind: 'PAYMENT', item: ITEM }, [])
  expect(await count('checkout')).toBe(before + 1)
  const opened = await look(database.url, `SELECT 1 FROM event WHERE type IN ('checkout.created', 'checkout.opened')`)
  expect(opened).toHaveLength(2)
})

test('other requests are answered meanwhile', async () => {
  const [source, destination] = [await account('10'), await account()]
  const crowd = allAtOnce('createTransaction', 'transaction', payment(source, destination), [])
  const others = Array.from({ length: 20 }, (_, index) =>
    ask(index, 'createTransaction', 'transaction', {
      ...payment(source, destination),
      total: usd('0.01'),
      charges: [{ destinationId: destination, subtotal: usd('0.01') }],
      idempotencyKey: randomUUID(),
    }),
  )
  for (const { userErrors } of await Promise.all(others)) expect(userErrors).toEqual([])
  await crowd
  expect(await postings(source)).toBe(21)
})

const usd = (amount: string) => ({ amount, currency: 'USD' })

function payment(accountId: string, destinationId: string) {
  return { accountId, total: usd('3'), charges: [{ destinationId, subtotal: usd('3') }] }
}

async function ask(node: number, mutation: string, object: string, input: object): Promise<Answer> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
  const query = `mutation ($input: ${type}!) {
    ${mutation}(input: $input) { object: ${object} { id } replayed userErrors { code message field } }
  }`
  const data = await apis[node % apis.length]?.ask<Record<string, Answer>>(query, { input })
  const answer = data?.[mutation]
  if (!answer) throw new Error('there was no answer')
  return answer
}

/** One of the answers is the first, the others repeat it. */
async function allAtOnce(mutation: string, object: string, wanted: object, codes: string[]): Promise<void> {
  const input = { ...wanted, idempotencyKey: randomUUID() }
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(index, mutation, object, input)))
  const [first] = answers
  expect(first?.userErrors.map(({ code }) => code)).toEqual(codes)
  for (const { replayed, ...answer } of answers) {
    expect(answer).toEqual({ object: first?.object, userErrors: first?.userErrors })
  }
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
}

async function account(amount?: string): Promise<string> {
  const { object } = await ask(0, 'createAccount', 'account', { kind: 'CLIENT', currency: 'USD' })
  const accountId = object?.id ?? ''
  if (amount !== undefined) {
    await ask(0, 'fundAccount', 'transaction', { accountId, total: usd(amount), idempotencyKey: randomUUID() })
  }
  return accountId
}

/** How many transactions an account pays, or holds money for. */
async function postings(accountId: string): Promise<number> {
  const text = `SELECT 1 FROM ledger_transaction WHERE type = 'EXTERNAL' AND account_id = $1`
  return (await look(database.url, text, [decodeId(accountId)?.uuid])).length
}

async function count(table: string): Promise<number> {
  const [row] = await look<{ n: number }>(database.url, `SELECT count(*)::int AS n FROM ${table}`)
  return row?.n ?? 0
}

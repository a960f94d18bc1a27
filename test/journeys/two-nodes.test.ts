import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf, watchStatus } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { CUSTOMER, createCheckout, readCheckout, recipesOf, statesOf } from '../support/storefront.ts'

type Node = Awaited<ReturnType<typeof startNode>>

let database: TestDatabase
let first: Node
let second: Node
let api: Api

beforeAll(async () => {
  database = await freshDatabase()
  first = await startNode(database.url)
  second = await startNode(database.url, { publicUrl: first.url })
  api = apiOf(first.url, first.gateway.testKey ?? '')
})

afterAll(async () => {
  await second?.stop()
  await first?.stop()
  await database?.drop()
})

test('what is paid through one node is watched through the other, every status once', async () => {
  const { checkout } = await createCheckout(api)
  const watches = [first, second, second].map(({ url }) => watchStatus(url, checkout.clientSecret, checkout.id))
  await payWithoutBrowser(checkout.url)
  expect(await Promise.all(watches.map(({ ended }) => ended))).toEqual(['complete', 'complete', 'complete'])
  await expectAllSettled({ api, databaseUrl: database.url, lines: [...first.lines, ...second.lines] })
  const paid = await readCheckout(api, checkout.id)
  expect(statesOf(paid)).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
  expect(recipesOf(paid)).toEqual(['paymentSettled'])
  for (const { seen } of watches) expect(seen.map(({ state }) => state)).toEqual(statesOf(paid))
})

test('many payments at once over both nodes settle once each', async () => {
  const both = [api, apiOf(second.url, first.gateway.testKey ?? '')]
  const opened = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map(async (index) => (await createCheckout(both[index % 2] as Api)).checkout),
  )
  await Promise.all(opened.map(({ url }) => payWithoutBrowser(url)))
  for (const { id } of opened) {
    const paid = await eventually(async () => {
      const seen = await readCheckout(api, id)
      return seen.status === 'COMPLETED' && seen
    }, 15_000)
    expect(recipesOf(paid)).toEqual(['paymentSettled'])
  }
  await expectAllSettled({ api, databaseUrl: database.url, lines: [...first.lines, ...second.lines] })
})

test('a node that stops sends its watchers away with 1001, and they go on at the other', async () => {
  const { checkout } = await createCheckout(api)
  const leaving = watchStatus(second.url, checkout.clientSecret, checkout.id)
  await payWithoutBrowser(checkout.url)
  await leaving.reaches(1)
  const stopped = second.stop()
  expect(await leaving.ended).toBe(1001)
  await stopped
  const staying = watchStatus(first.url, checkout.clientSecret, checkout.id, leaving.seen.at(-1)?.cursor)
  expect(await staying.ended).toBe('complete')
  const states = [...leaving.seen, ...staying.seen].map(({ state }) => state)
  expect(states).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
  await expectAllSettled({ api, databaseUrl: database.url, lines: [...first.lines, ...second.lines] })
})

/** The page's forms, sent as a browser without scripts would. */
async function payWithoutBrowser(link: string): Promise<void> {
  const post = (path: string, fields: Record<string, string>) =>
    fetch(`${link}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  expect((await post('', { ...CUSTOMER, currencyId: '1' })).headers.get('location')).toMatch(/\/pay$/)
  expect((await post('/play', { outcome: 'PAY' })).headers.get('location')).toMatch(/\/status$/)
}

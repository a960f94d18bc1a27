import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeCursor } from '../../src/db/cursor.ts'
import { newId } from '../../src/kernel/id.ts'
import { type Answer, type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let tenantId: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  tenantId = (await door.house.actor()).tenantId
  // Pairs share a moment, so that the id has to decide between them.
  for (let n = 1; n <= 25; n++) await addProduct(`product ${String(n).padStart(2, '0')}`, Math.floor(n / 2))
})
afterAll(() => door.close())

async function addProduct(name: string, second: number): Promise<void> {
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, 0, second))
  await door.app.db.pool.query(
    `INSERT INTO product (tenant_id, id, reference, name, description, price_minor, currency, created_at)
     VALUES ($1, $2, $3, $3, 'something', 100, 'USD', $4::timestamptz + interval '123 microseconds')`,
    [tenantId, newId(), name, createdAt],
  )
}

const PAGE = `query Page($first: Int, $after: String, $last: Int, $before: String, $orderBy: ProductOrder, $filter: ProductFilter) {
  products(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) {
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`

async function page(variables: object) {
  const { data, errors } = await ask(PAGE, variables)
  expect(errors).toBeUndefined()
  const { edges, pageInfo } = data.products
  return { edges, pageInfo, names: edges.map((edge: { node: { name: string } }) => edge.node.name) as string[] }
}

/** Every name, in the order of the pages. */
async function walk(direction: 'forward' | 'backward', size: number, variables: object = {}, between = async () => {}) {
  const pages: string[][] = []
  let cursor: string | null = null
  for (;;) {
    const turn = direction === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor }
    const { names, pageInfo } = await page({ ...variables, ...turn })
    pages.push(names)
    const more: boolean = direction === 'forward' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage
    const behind: boolean = direction === 'forward' ? pageInfo.hasPreviousPage : pageInfo.hasNextPage
    expect(behind).toBe(cursor !== null)
    if (!more) return direction === 'forward' ? pages.flat() : pages.reverse().flat()
    cursor = direction === 'forward' ? pageInfo.endCursor : pageInfo.startCursor
    await between()
  }
}

test('without a size a page has 20', async () => {
  expect((await page({})).names).toHaveLength(20)
})

test.each([1, 2, 7, 25, 100])(
  'walking forward and backward by %i shows every row once, in the same order',
  async (size) => {
    const forward = await walk('forward', size)
    expect(new Set(forward).size).toBe(25)
    expect(forward).toHaveLength(25)
    expect(await walk('backward', size)).toEqual(forward)
  },
)

test('an order runs both ways', async () => {
  const rising = await walk('forward', 4, { orderBy: { field: 'NAME', direction: 'ASC' } })
  expect(rising).toEqual([...rising].sort())
  const falling = await walk('backward', 4, { orderBy: { field: 'NAME', direction: 'DESC' } })
  expect(falling).toEqual([...rising].reverse())
})

test('rows that are inserted while paging are neither skipped over nor make others appear twice', async () => {
  const before = await walk('forward', 100, { orderBy: { field: 'CREATED_AT', direction: 'DESC' } })
  let added = 0
  const during = await walk('forward', 5, {}, async () => {
    added += 1
    await addProduct(`newer ${added}`, 1_000 + added)
    await addProduct(`older ${added}`, 0)
  })
  expect(during.filter((name) => name.startsWith('product'))).toEqual(before)
  expect(new Set(during).size).toBe(during.length)
  await door.app.db.pool.query(`DELETE FROM product WHERE name LIKE 'newer%' OR name LIKE 'older%'`)
})

test('a cursor goes on working when its own row is gone', async () => {
  await addProduct('passing', 500)
  const first = await page({ first: 1 })
  expect(first.names).toEqual(['passing'])
  await door.app.db.pool.query(`DELETE FROM product WHERE name = 'passing'`)
  const { names } = await page({ first: 25, after: first.pageInfo.endCursor })
  expect(names).toHaveLength(25)
})

test('both bounds hold together', async () => {
  const all = await page({ first: 25 })
  const after = all.edges[4].cursor
  const before = all.edges[10].cursor
  expect(await page({ first: 3, after, before })).toMatchObject({
    names: all.names.slice(5, 8),
    pageInfo: { hasNextPage: true, hasPreviousPage: true },
  })
  expect((await page({ last: 3, after, before })).names).toEqual(all.names.slice(7, 10))
})

test.each([
  ['a page of none', { first: 0 }],
  ['a page past the end', { filter: { search: 'no such thing' } }],
])('%s has null cursors', async (_name, variables) => {
  const { names, pageInfo } = await page(variables)
  expect(names).toEqual([])
  expect(pageInfo).toMatchObject({ startCursor: null, endCursor: null, hasPreviousPage: false })
})

test.each([
  ['more than 100', { first: 101 }, '`first` must be at most 100'],
  ['more than 100 from the end', { last: 101 }, '`last` must be at most 100'],
  ['less than nothing', { first: -1 }, '`first` must not be negative'],
  ['less than nothing from the end', { last: -1 }, '`last` must not be negative'],
  ['both ends', { first: 1, last: 1 }, '`first` and `last` cannot be combined'],
  ['a cursor of nothing', { after: 'nonsense' }, '`after` is not a cursor of this list'],
  ['a cursor with a bad value', { before: cursorOf('CREATED_AT', 'never') }, 'A value is out of range'],
  [
    'a cursor of another order',
    { before: cursorOf('NAME', 'x') },
    '`before` is a cursor of a list in another order (NAME)',
  ],
])('%s is refused with BAD_USER_INPUT', async (_name, variables, message) => {
  const { errors }: Answer = await ask(PAGE, variables)
  expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } })
})

function cursorOf(order: string, value: string): string {
  return encodeCursor(order, { value, id: newId() })
}

test('filters narrow the list and its count', async () => {
  const { data } = await ask(
    `query ($filter: ProductFilter) { products(first: 2, filter: $filter) { totalCount edges { node { name } } } }`,
    { filter: { search: 'PRODUCT 1', active: true, currency: 'USD', createdFrom: '2026-01-01T00:00:06+00:00' } },
  )
  expect(data.products.totalCount).toBe(8)
})

test('wildcards in a search stand for themselves', async () => {
  const { names } = await page({ filter: { search: 'product%' } })
  expect(names).toEqual([])
})

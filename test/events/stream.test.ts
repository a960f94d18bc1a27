import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import type { EventRow } from '../../src/db/rows.ts'
import type { EventType } from '../../src/events/catalogue.ts'
import { openStream } from '../../src/events/stream.ts'
import { newId } from '../../src/kernel/id.ts'
import { transact } from '../../src/work/work.ts'
import { eventually } from '../support/app.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

/** Two nodes on one database: each with a pool, a listener and readers of its own. */
interface Node {
  readonly db: Database
  readonly stream: Awaited<ReturnType<typeof openStream>>
}

const NOW = new Date('2026-03-31T12:00:00Z')
const stumbles: unknown[] = []
let database: TestDatabase
let nodes: [Node, Node]
let tenantId: string

async function openNode(): Promise<Node> {
  const db = openDatabase(database.url)
  return { db, stream: await openStream(db, { onError: (error) => stumbles.push(error), onDeliveries: () => {} }) }
}

beforeAll(async () => {
  database = await freshDatabase()
  nodes = [await openNode(), await openNode()]
})
beforeEach(async () => {
  tenantId = (await newTenant(nodes[0].db)).tenantId
})
afterAll(async () => {
  for (const { db, stream } of nodes) {
    await stream.close()
    await db.close()
  }
  await database.drop()
})

interface Writing {
  readonly type?: EventType
  readonly topicId?: string
  readonly count?: number
  /** How long the transaction is open before it writes its events, and after. */
  readonly beforeMs?: number
  readonly afterMs?: number
}

function write({ db }: Node, { type = 'customer.created', topicId, count = 1, beforeMs, afterMs }: Writing = {}) {
  return transact(db, { tenantId, at: NOW }, async (work) => {
    if (beforeMs) await sleep(beforeMs)
    for (let each = 0; each < count; each++) {
      work.emit({ type, entityKind: 'Customer', entityId: newId(), object: {}, ...(topicId && { topicId }) })
    }
    if (afterMs) await sleep(afterMs)
  })
}

/** The cursors of the next so many events. */
async function take(reader: AsyncIterator<EventRow>, count: number): Promise<number[]> {
  const cursors: number[] = []
  while (cursors.length < count) {
    const { value, done } = await reader.next()
    if (done) break
    cursors.push(Number(value.cursor))
  }
  return cursors
}

const upTo = (last: number, after = 0) => Array.from({ length: last - after }, (_, index) => after + index + 1)
const follow = (node: Node, options: object = {}) => node.stream.follow({ tenantId, ...options })

describe('a reader', () => {
  test('gets what was before its joining and what comes after, from either node, once and in order', async () => {
    await write(nodes[0], { count: 3 })
    const readers = nodes.map((node) => follow(node, { after: 0n }))
    await write(nodes[1], { count: 2 })
    for (const reader of readers) expect(await take(reader, 5)).toEqual(upTo(5))
    await write(nodes[0])
    for (const reader of readers) {
      expect(await take(reader, 1)).toEqual([6])
      await reader.return?.()
    }
  })

  test('without a cursor begins now', async () => {
    await write(nodes[0], { count: 3 })
    const other = follow(nodes[1], { after: 0n })
    await take(other, 3)
    const reader = follow(nodes[1])
    const first = reader.next()
    await write(nodes[0])
    expect((await first).value.cursor).toBe(4n)
    await Promise.all([reader, other].map((each) => each.return?.()))
  })

  test('replays more than a page, and then goes live', async () => {
    for (let written = 0; written < 1_250; written += 250) await write(nodes[0], { count: 250 })
    const reader = follow(nodes[1], { after: 10n })
    expect(await take(reader, 1_240)).toEqual(upTo(1_250, 10))
    await write(nodes[0])
    expect(await take(reader, 1)).toEqual([1_251])
    await reader.return?.()
  })

  test('gets only the types and the topic it asked for, before and after it goes live', async () => {
    const [topicId, otherTopic] = [newId(), newId()]
    const some = async () => {
      await write(nodes[0], { type: 'checkout.opened', topicId })
      await write(nodes[0], { type: 'payment.created', topicId })
      await write(nodes[0], { type: 'checkout.opened', topicId: otherTopic })
      await write(nodes[0], { type: 'product.created' })
    }
    await some()
    const byTopic = follow(nodes[1], { after: 0n, topicId })
    const byType = follow(nodes[1], { after: 0n, types: ['checkout.opened'] })
    const byBoth = follow(nodes[1], { after: 0n, types: ['checkout.opened'], topicId })
    expect(await take(byTopic, 2)).toEqual([1, 2])
    expect(await take(byType, 2)).toEqual([1, 3])
    expect(await take(byBoth, 1)).toEqual([1])
    await some()
    expect(await take(byTopic, 2)).toEqual([5, 6])
    expect(await take(byType, 2)).toEqual([5, 7])
    expect(await take(byBoth, 1)).toEqual([5])
    await Promise.all([byTopic, byType, byBoth].map((reader) => reader.return?.()))
  })

  test('that is asked several times at once still gives each event once', async () => {
    await write(nodes[0], { count: 3 })
    const reader = follow(nodes[0], { after: 0n })
    const asked = Array.from({ length: 5 }, () => take(reader, 1))
    await sleep(30)
    await write(nodes[0], { count: 2 })
    expect((await Promise.all(asked)).flat().toSorted()).toEqual(upTo(5))
    await reader.return?.()
  })

  test('gets nothing of another tenant', async () => {
    const mine = tenantId
    const reader = follow(nodes[0], { after: 0n })
    tenantId = (await newTenant(nodes[0].db)).tenantId
    await write(nodes[0])
    tenantId = mine
    await write(nodes[0], { type: 'product.created' })
    expect((await reader.next()).value).toMatchObject({ tenantId: mine, type: 'product.created' })
    await reader.return?.()
  })
})

test('slow and fast writers on two nodes: readers that join at any moment miss nothing and see nothing twice', async () => {
  const TOTAL = 120
  const random = (most: number) => Math.floor(Math.random() * most)
  const writers = Array.from({ length: 40 }, (_, index) => {
    const slow = index % 4 === 0
    return sleep(random(600)).then(() =>
      write(nodes[index % 2] as Node, {
        count: 3,
        beforeMs: slow ? 100 + random(250) : 0,
        afterMs: slow ? random(40) : 0,
      }),
    )
  })

  /** Joins somewhere, is cut off after some events, and resumes on any node until it has seen the last. */
  const readers = Array.from({ length: 25 }, async () => {
    await sleep(random(900))
    const from = random(10)
    const seen: number[] = []
    while ((seen.at(-1) ?? from) < TOTAL) {
      const reader = follow(nodes[random(2)] as Node, { after: BigInt(seen.at(-1) ?? from) })
      seen.push(...(await take(reader, Math.min(1 + random(40), TOTAL - (seen.at(-1) ?? from)))))
      await reader.return?.()
    }
    expect(seen).toEqual(upTo(TOTAL, from))
  })
  await Promise.all([...writers, ...readers])
})

describe('the end of a reader', () => {
  test('comes at once when it is asked for while it waits, and nothing of it is kept', async () => {
    const reader = follow(nodes[0])
    const waiting = reader.next()
    await sleep(20)
    await reader.return?.()
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(await reader.next()).toEqual({ value: undefined, done: true })
  })

  test('ends the reading for its tenant, when it was the last', async () => {
    let reads = 0
    const db: Database = {
      ...nodes[0].db,
      query: (...statement) => {
        reads += 1
        return nodes[0].db.query(...statement)
      },
    }
    const stream = await openStream(db, { onError: (error) => stumbles.push(error), onDeliveries: () => {} })
    const [first, last] = [stream.follow({ tenantId, after: 0n }), stream.follow({ tenantId, after: 0n })]
    await first.return?.()
    const waiting = last.next()
    await write(nodes[1])
    await waiting
    await last.return?.()
    await sleep(50)
    const before = reads
    await write(nodes[1])
    await sleep(100)
    expect(reads).toBe(before)
    await stream.close()
  })

  test('ends every read that waits', async () => {
    const reader = follow(nodes[0])
    const waiting = [reader.next(), reader.next()]
    await sleep(20)
    await reader.return?.()
    for (const { done } of await Promise.all(waiting)) expect(done).toBe(true)
  })

  test('comes with a SlowReaderError to the one that stops reading, alone, and it resumes by its cursor', async () => {
    const slow = follow(nodes[0], { after: 0n })
    const quick = follow(nodes[0], { after: 0n })
    await write(nodes[0])
    expect([await take(slow, 1), await take(quick, 1)]).toEqual([[1], [1]])
    const all = take(quick, 1_500)
    // Both stand live now: the slow one has asked for more and been answered.
    const asked = take(slow, 1)
    for (let written = 0; written < 1_500; written += 150) await write(nodes[1], { count: 150 })
    expect(await all).toEqual(upTo(1_501, 1))
    expect(await asked).toEqual([2])
    await expect(take(slow, 1_500)).rejects.toThrow('fell too far behind')
    const resumed = follow(nodes[0], { after: 2n })
    expect(await take(resumed, 1_499)).toEqual(upTo(1_501, 2))
    await write(nodes[1])
    expect(await take(quick, 1)).toEqual([1_502])
    await Promise.all([quick.return?.(), resumed.return?.()])
  })
})

test('a lost listener is replaced, and what was written meanwhile comes', async () => {
  const reader = follow(nodes[0], { after: 0n })
  await write(nodes[0])
  expect(await take(reader, 1)).toEqual([1])
  const waiting = take(reader, 2)
  const cut = await nodes[0].db.query<{ cut: boolean }>(
    'test.cut',
    `SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'tollgate events'`,
  )
  expect(cut.length).toBe(2)
  await write(nodes[1])
  await write(nodes[1])
  expect(await waiting).toEqual([2, 3])
  expect(stumbles.length).toBeGreaterThan(0)
  await eventually(async () => {
    const [row] = await nodes[0].db.query<{ listeners: bigint }>(
      'test.listeners',
      `SELECT count(*) AS listeners FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'tollgate events'`,
    )
    return row?.listeners === 2n
  })
  await reader.return?.()
})

test('a node that closes ends its readers and leaves no connection', async () => {
  const node = await openNode()
  const reader = node.stream.follow({ tenantId })
  const waiting = reader.next()
  await node.stream.close()
  expect((await waiting).done).toBe(true)
  await node.db.close()
  await eventually(async () => {
    const [row] = await nodes[0].db.query<{ listeners: bigint }>(
      'test.listeners',
      `SELECT count(*) AS listeners FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'tollgate events'`,
    )
    return row?.listeners === 2n
  })
})

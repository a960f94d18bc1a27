import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import type { Actor, Call, Done } from '../../src/kernel/actor.ts'
import { DomainError, type ErrorCode, type Problem, RefusedBefore } from '../../src/kernel/errors.ts'
import { newId } from '../../src/kernel/id.ts'
import { idempotencyService } from '../../src/work/once.ts'
import { transactOnce } from '../../src/work/work.ts'
import { call } from '../support/app.ts'
import { ageKeys, turnTestClock } from '../support/clock.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

let database: TestDatabase
let db: Database
let actor: Actor
/** Two nodes on one database. */
let nodes: ReturnType<typeof idempotencyService>[]

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
beforeEach(async () => {
  nodes = [idempotencyService({ db }), idempotencyService({ db })]
  actor = await newTenant(db)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const once: ReturnType<typeof idempotencyService>['once'] = (by, work) => {
  const [node] = nodes
  if (!node) throw new Error('there is no node')
  return node.once(by, work)
}
const NO: Problem = { code: 'INSUFFICIENT_FUNDS', message: 'not enough', facts: { available: { minor: 10n ** 30n } } }
const refuse = (...problems: Problem[]) => Promise.reject(new DomainError(...(problems as [Problem])))

/** A mutation that makes a customer. */
function make(by: Call, id = newId()): Promise<Done> {
  return transactOnce(db, by, new Date(), id, async (work) => {
    await work.tx.customer.create({ data: { tenantId: by.actor.tenantId, id, name: 'Ada' } })
  })
}
const customers = () => db.prisma.customer.count({ where: { tenantId: actor.tenantId } })

/** How a request ended, as its caller sees it. */
async function ended(work: Promise<Done>): Promise<{ replayed: boolean; problems: readonly Problem[]; id?: string }> {
  try {
    const { id, replayed, problems = [] } = await work
    return { id, replayed, problems }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { replayed: error instanceof RefusedBefore, problems: error.problems }
  }
}

describe('a refusal', () => {
  test('is repeated as it was, whatever the work would do by then, on every node', async () => {
    const by = call(actor, 'k')
    expect(await ended(once(by, () => refuse(NO)))).toEqual({ replayed: false, problems: [NO] })
    for (const node of nodes) {
      expect(await ended(node.once(by, () => make(by)))).toEqual({ replayed: true, problems: [NO] })
      expect(await ended(node.once(by, () => refuse({ code: 'INVALID', message: 'else' })))).toEqual({
        replayed: true,
        problems: [NO],
      })
    }
    expect(await customers()).toBe(0)
  })

  test('is kept with characters that no table takes', async () => {
    const by = call(actor, 'k')
    const odd = { code: 'INVALID', message: 'a\0b\ud800', field: ['x\0'] } as const
    await ended(once(by, () => refuse(odd)))
    const again = await ended(once(by, () => make(by)))
    expect(again).toEqual({
      replayed: true,
      problems: [{ code: 'INVALID', message: 'a\uFFFDb\uFFFD', field: ['x\uFFFD'] }],
    })
  })

  test('gives way to other input under its key, which is the first again and binds the key once it is done', async () => {
    const [wrong, right] = [call(actor, 'k', 1), call(actor, 'k', 2)]
    await ended(once(wrong, () => refuse(NO)))
    const [node, other] = nodes
    expect(await node?.isAnswered(wrong)).toBe(true)
    expect(await node?.isAnswered(right)).toBe(false)
    const still = { code: 'INVALID', message: 'still wrong' } as const
    expect(await ended(once(right, () => refuse(still)))).toEqual({ replayed: false, problems: [still] })
    expect(await ended(once(wrong, () => make(wrong)))).toMatchObject({ replayed: false, problems: [] })
    expect(await other?.isAnswered(right)).toBe(true)
    for (const work of [() => make(right), () => refuse(NO)]) {
      const { problems } = await ended(once(right, work))
      expect(problems.map(({ code }) => code)).toEqual(['IDEMPOTENCY_KEY_REUSED'])
    }
    expect(await customers()).toBe(1)
  })

  test('that a retry may cure is not kept', async () => {
    const curable: ErrorCode[] = ['PROVIDER_UNAVAILABLE', 'PRECONDITION_FAILED', 'FORBIDDEN']
    for (const code of curable) {
      const by = call(actor, `k ${code}`)
      expect(await ended(once(by, () => refuse({ code, message: 'later' })))).toMatchObject({ replayed: false })
      expect(await ended(once(by, () => make(by)))).toMatchObject({ replayed: false, problems: [] })
    }
    expect(await customers()).toBe(curable.length)
  })

  test('lasts 24 hours of real time', async () => {
    const by = call(actor, 'k')
    await ended(once(by, () => refuse(NO)))
    await ageKeys(db, { hours: 23.9 })
    expect(await ended(once(by, () => refuse({ code: 'INVALID', message: 'else' })))).toMatchObject({ problems: [NO] })
    await ageKeys(db, { hours: 0.1 })
    const second = { code: 'INVALID', message: 'else' } as const
    expect(await ended(once(by, () => refuse(second)))).toEqual({ replayed: false, problems: [second] })
    expect(await ended(once(by, () => make(by)))).toEqual({ replayed: true, problems: [second] })
    await ageKeys(db, { hours: 24 })
    expect(await ended(once(by, () => make(by)))).toMatchObject({ replayed: false, problems: [] })
    expect(await ended(once(by, () => refuse(NO)))).toMatchObject({ replayed: true, problems: [] })
    await ageKeys(db, { hours: 24 })
    expect(await ended(once(by, () => refuse(NO)))).toEqual({ replayed: false, problems: [NO] })
  })

  test('lasts however far the test clock is turned', async () => {
    const by = call(actor, 'k')
    await ended(once(by, () => refuse(NO)))
    await turnTestClock(db, actor.tenantId, { hours: 48 })
    expect(await ended(once(by, () => make(by)))).toEqual({ replayed: true, problems: [NO] })
    expect(await customers()).toBe(0)
  })

  test('whose problems are too many to keep is made again', async () => {
    const by = call(actor, 'k')
    const many = Array.from({ length: 2_000 }, () => ({ code: 'INVALID', message: 'is wrong as it stands' }) as const)
    for (const _ of [1, 2]) {
      expect(await ended(once(by, () => refuse(...many)))).toEqual({ replayed: false, problems: many })
    }
    expect(await db.prisma.idempotencyRecord.count({ where: { tenantId: actor.tenantId } })).toBe(0)
  })
})

describe('a success', () => {
  test('is the answer of a repeat that would be refused before it came to the key', async () => {
    const by = call(actor, 'k')
    const first = await once(by, () => make(by))
    expect(await ended(once(by, () => refuse(NO)))).toEqual({ id: first.id, replayed: true, problems: [] })
  })

  test('with problems has the same problems on each repeat, whatever is found by then', async () => {
    const by = call(actor, 'k')
    const withProblem = async (problem: Problem) => ({ ...(await make(by)), problems: [problem] })
    const first = await once(by, () => withProblem(NO))
    const again = { id: first.id, replayed: true, problems: [NO] }
    expect(first.problems).toEqual([NO])
    expect(await once(by, () => withProblem({ code: 'PROVIDER_REFUSED', message: 'else' }))).toEqual(again)
    expect(await once(by, () => refuse(NO))).toEqual(again)
  })

  test('with a problem that a retry may cure leaves it open', async () => {
    const by = call(actor, 'k')
    const doubt: Problem = { code: 'PROVIDER_UNAVAILABLE', message: 'later' }
    const first = await once(by, async () => ({ ...(await make(by)), problems: [doubt] }))
    expect(first.problems).toEqual([doubt])
    expect(await once(by, () => make(by))).toEqual({ id: first.id, replayed: true })
  })

  test('shows what is shown once to the first alone, also of many at the same moment', async () => {
    const by = call(actor, 'k')
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => once(by, async () => ({ ...(await make(by)), secret: 'sesame' }))),
    )
    expect(answers.map((answer) => 'secret' in answer)).toEqual([true, false, false, false])
  })
})

describe('requests at the same moment under one key', () => {
  test('hold one connection a node while the first is answered, and are told what it is', async () => {
    const narrow = openDatabase(database.url, { poolSize: 2 })
    try {
      const node = idempotencyService({ db: narrow })
      const by = call(actor, 'k')
      let works = 0
      const work = async () => {
        works += 1
        const done = await make(by)
        // The first needs a connection of its own still.
        await narrow.prisma.customer.count()
        return done
      }
      const answers = await Promise.all(Array.from({ length: 200 }, () => node.once(by, work)))
      expect(works).toBe(1)
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    } finally {
      await narrow.close()
    }
  })

  test('are refused together', async () => {
    const by = call(actor, 'k')
    const outcomes = await Promise.all(
      [0, 1, 0, 1].map((node) => ended((nodes[node] ?? { once }).once(by, () => refuse(NO)))),
    )
    expect(outcomes.map(({ problems }) => problems)).toEqual([[NO], [NO], [NO], [NO]])
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
  })

  test('take the place of a first that failed, one after the other', async () => {
    const by = call(actor, 'k')
    let works = 0
    const work = () => {
      works += 1
      return works === 1 ? Promise.reject(new Error('a fault')) : make(by)
    }
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => once(by, work)))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect([works, await customers()]).toEqual([2, 1])
  })

  test('with other input or another key of the tenant wait their turn, and are not told', async () => {
    const [first, other] = [call(actor, 'k', 1), call(actor, 'k', 2)]
    const stranger = { ...first, actor: { ...actor, apiKeyId: newId() } }
    const [a, b, c] = await Promise.all([
      once(first, () => make(first)),
      ended(once(other, () => make(other))),
      ended(once(stranger, () => refuse({ code: 'FORBIDDEN', message: 'not you' }))),
    ])
    expect(a.replayed).toBe(false)
    expect(b.problems.map(({ code }) => code)).toEqual(['IDEMPOTENCY_KEY_REUSED'])
    expect(c.problems.map(({ code }) => code)).toEqual(['FORBIDDEN'])
    expect(await customers()).toBe(1)
  })
})

test('a key is known to be answered until it is about to be forgotten', async () => {
  const by = call(actor, 'k')
  const [node] = nodes
  expect(await node?.isAnswered(by)).toBe(false)
  await once(by, () => make(by))
  expect(await node?.isAnswered(by)).toBe(true)
  expect(await node?.isAnswered({ ...by, operation: 'other' })).toBe(false)
  await turnTestClock(db, actor.tenantId, { hours: 48 })
  expect(await node?.isAnswered(by)).toBe(true)
  await ageKeys(db, { hours: 23, minutes: 59, seconds: 30 })
  expect(await node?.isAnswered(by)).toBe(false)
})

test('a key that cannot be kept is refused by name, and nothing is done', async () => {
  for (const key of ['k'.repeat(256), 'a\0', ' ']) {
    const by = call(actor, key)
    expect((await ended(once(by, () => make(by)))).problems.map(({ field }) => field)).toEqual([['idempotencyKey']])
  }
  expect(await customers()).toBe(0)
})

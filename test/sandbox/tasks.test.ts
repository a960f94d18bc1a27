import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { inTransaction } from '../../src/sandbox/store.ts'
import { createTaskRunner } from '../../src/sandbox/task-runner.ts'
import { cancelTasks, type Task, type TaskHandler } from '../../src/sandbox/tasks.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

const EPOCH = new Date('2026-01-01T00:00:00Z')
const epochPlus = (seconds: number) => new Date(EPOCH.getTime() + seconds * 1_000)

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await freshDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 8 })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
})

/** Notes what it was about. */
function noting(done: string[]): TaskHandler {
  return {
    async run(task) {
      done.push(task.subject)
      return undefined
    },
  }
}

/** A runner for a provider of its own, with a clock per realm. */
function aRunner(handlers: Record<string, TaskHandler>) {
  const provider = newId()
  const realm = newId()
  const clocks = new Map([[realm, EPOCH]])
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const clockOf = async (of: string) => clocks.get(of) ?? EPOCH
  const runner = createTaskRunner({ pool, provider, handlers, log, clockOf })
  const schedule = (kind: string, subject: string, dueAt: Date, of = realm) =>
    inTransaction(pool, provider, of, (world) => runner.schedule(world, { kind, subject, body: { subject }, dueAt }))
  return { runner, schedule, clocks, realm, world: { db: pool, provider, realm } }
}

describe('a task', () => {
  test('is done when an answer comes to whoever asked for it, also when somebody else took it up', async () => {
    const done: string[] = []
    const slow: TaskHandler = {
      async run(task) {
        await new Promise((resolve) => setTimeout(resolve, 40))
        done.push(task.subject)
        return undefined
      },
    }
    const { runner, schedule, clocks, realm } = aRunner({ slow, outside: { ...slow, detached: true } })
    await schedule('slow', 'here', epochPlus(60))
    await schedule('outside', 'there', epochPlus(60))
    clocks.set(realm, epochPlus(60))
    const first = runner.runDue()
    expect(await runner.runDue()).toBe(0)
    expect(done.sort()).toEqual(['here', 'there'])
    expect(await first).toBe(2)
  })

  test('waits for the clock of its own realm', async () => {
    const done: string[] = []
    const { runner, schedule, clocks, realm } = aRunner({ note: noting(done) })
    const other = newId()
    await schedule('note', 'mine', epochPlus(60))
    await schedule('note', 'theirs', epochPlus(60), other)
    expect(await runner.runDue()).toBe(0)
    clocks.set(realm, epochPlus(60))
    expect(await runner.runDue()).toBe(1)
    expect(done).toEqual(['mine'])
    clocks.set(other, epochPlus(61))
    await runner.runDue()
    expect(done).toEqual(['mine', 'theirs'])
    await runner.close()
  })

  test('that another puts down in between runs in the order of its moment', async () => {
    const done: string[] = []
    const { runner, schedule, clocks, realm } = aRunner({
      note: noting(done),
      parent: {
        run: async (task) => {
          done.push(task.subject)
          await schedule('note', 'child', epochPlus(20))
          return undefined
        },
      },
    })
    await schedule('parent', 'first', epochPlus(10))
    await schedule('note', 'last', epochPlus(30))
    clocks.set(realm, epochPlus(100))
    await runner.runDue()
    expect(done).toEqual(['first', 'child', 'last'])
    await runner.close()
  })

  test('is done once by many runners at once', async () => {
    const done: string[] = []
    const { runner, schedule, clocks, realm } = aRunner({ note: noting(done) })
    for (let index = 0; index < 20; index += 1) await schedule('note', `${index}`, epochPlus(60))
    clocks.set(realm, epochPlus(60))
    const counts = await Promise.all(Array.from({ length: 5 }, () => runner.runDue()))
    expect(counts.reduce((sum, count) => sum + count)).toBe(20)
    expect(new Set(done).size).toBe(20)
    await runner.close()
  })

  test('comes again when it says so, and after a failure', async () => {
    const tries: Task[] = []
    const { runner, schedule, clocks, realm } = aRunner({
      stubborn: {
        run: async (task) => {
          tries.push(task)
          if (task.attempts === 0) return epochPlus(90)
          if (task.attempts === 1) throw new Error('not yet')
          return undefined
        },
      },
    })
    await schedule('stubborn', 'x', epochPlus(60))
    for (const seconds of [60, 89, 90, 91, 92, 200]) {
      clocks.set(realm, epochPlus(seconds))
      await runner.runDue()
    }
    expect(tries.map((task) => task.attempts)).toEqual([0, 1, 2])
    expect(tries[0]?.body).toEqual({ subject: 'x' })
    await runner.close()
  })

  test('can be called off', async () => {
    const { runner, schedule, clocks, realm, world } = aRunner({ note: { run: async () => undefined } })
    await schedule('note', 'x', epochPlus(60))
    await cancelTasks(world, 'note', 'x')
    clocks.set(realm, epochPlus(60))
    expect(await runner.runDue()).toBe(0)
    await runner.close()
  })

  test('that is due soon runs without anybody asking', async () => {
    let ran: (() => void) | undefined
    const happened = new Promise<void>((resolve) => {
      ran = resolve
    })
    const { runner, schedule } = aRunner({ note: { run: async () => ran?.() ?? undefined } })
    await schedule('note', 'x', EPOCH)
    await happened
    await runner.close()
  })
})

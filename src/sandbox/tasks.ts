import { recent } from '../kernel/recent.ts'
import type { Pool, Queryable, Transaction, World } from './store.ts'

/** Something that happens later on a provider's server, at a moment of its realm's clock. */
export interface Task {
  readonly id: string
  readonly realm: string
  readonly kind: string
  /** What it is about; cancelTasks finds it by this. */
  readonly subject: string
  readonly body: unknown
  readonly dueAt: Date
  /** How often it was tried before. */
  readonly attempts: number
}

/**
 * Does a task; a date means "again then". It may run twice when the process dies in between, so it looks before it acts.
 * One with `detached` talks to the outside and must not hold up the tasks behind it.
 */
export interface TaskHandler {
  readonly detached?: boolean
  run(task: Task): Promise<Date | undefined>
}

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface TaskRunner {
  /** Puts a task down with the changes of the transaction, and sees to it that it runs promptly when it is due soon. */
  schedule(world: Transaction, task: Pick<Task, 'kind' | 'subject' | 'body' | 'dueAt'>): Promise<void>
  /** Does what is due in every realm, in the order of its moments; answers how many were done. */
  runDue(limit?: number): Promise<number>
  /** Takes up nothing more, and ends when what was taken up is done. */
  close(): Promise<void>
}

interface RunnerParts {
  readonly pool: Pool
  readonly provider: string
  readonly handlers: Readonly<Record<string, TaskHandler>>
  readonly log: Log
  clockOf(realm: string): Promise<Date>
}

/** A task nearer than this gets a timer of its own; the rest waits for the host's next call of runDue. */
const PROMPT_MS = 5_000

/** A task that was taken and neither done nor put back within this time is taken again. */
const LEASE_SECONDS = 20

const MAX_BACKOFF_MS = 60_000

const REALMS_REMEMBERED = 1_000

export async function cancelTasks(world: World, kind: string, subject: string): Promise<void> {
  await world.db.query(
    'DELETE FROM sandbox_task WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND subject = $4',
    [world.realm, world.provider, kind, subject],
  )
}

/** Whether any such task waits and is not being done. */
export async function hasTasks(world: World, kind: string, subject: string): Promise<boolean> {
  const { rows } = await world.db.query(
    `SELECT FROM sandbox_task WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND subject = $4
     AND leased_until IS NULL LIMIT 1`,
    [world.realm, world.provider, kind, subject],
  )
  return rows.length > 0
}

/** Takes away what waits and is not being done, and answers its bodies. */
export async function takeTasks(world: World, kind: string, subject: string): Promise<unknown[]> {
  const { rows } = await world.db.query(
    `DELETE FROM sandbox_task WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND subject = $4
     AND leased_until IS NULL RETURNING body`,
    [world.realm, world.provider, kind, subject],
  )
  return (rows as { body: unknown }[]).map((row) => row.body)
}

export function createTaskRunner({ pool, provider, handlers, log, clockOf }: RunnerParts): TaskRunner {
  const timers = new Set<NodeJS.Timeout>()
  /** By how many milliseconds the clocks of realms were ahead of performance.now() when they were last read. */
  const ahead = recent<number>(REALMS_REMEMBERED)
  const running = new Set<Promise<unknown>>()
  const detached = new Set<Promise<void>>()
  let sweeping: Promise<unknown> = Promise.resolve()
  let closed = false

  /** Remembers work until it is over, so that closing can wait for it. */
  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    const forget = () => void running.delete(work)
    work.then(forget, forget)
    return work
  }

  function reportFailedRun(error: unknown): void {
    log.error({ err: error, provider }, 'the simulator could not run its due tasks')
  }

  async function readClock(realm: string): Promise<Date> {
    const now = await clockOf(realm)
    ahead.set(realm, now.getTime() - performance.now())
    return now
  }

  /** Where the clock was advanced since it was last read, the task waits for the host's next call of runDue. */
  async function wake(realm: string, dueAt: Date): Promise<void> {
    const aheadMs = ahead.get(realm)
    const now = aheadMs === undefined ? (await readClock(realm)).getTime() : performance.now() + aheadMs
    const delayMs = dueAt.getTime() - now
    if (closed || delayMs > PROMPT_MS) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      runDue().catch(reportFailedRun)
    }, Math.max(0, delayMs) + 5)
    timer.unref()
    timers.add(timer)
  }

  function wakeSoon(realm: string, dueAt: Date): void {
    track(wake(realm, dueAt)).catch((error) =>
      log.warn({ err: error, provider }, 'the simulator could not read its clock'),
    )
  }

  async function attempt(task: Task): Promise<void> {
    const handler = handlers[task.kind]
    if (!handler) throw new Error(`no handler for the task ${task.kind}`)
    const again = await handler.run(task).catch(async (error) => {
      log.error({ err: error, provider, kind: task.kind, subject: task.subject }, 'a task of the simulator failed')
      return new Date((await clockOf(task.realm)).getTime() + Math.min(1_000 * 2 ** task.attempts, MAX_BACKOFF_MS))
    })
    if (!again) return void (await done(pool, task))
    await putBack(pool, task, again)
    wakeSoon(task.realm, again)
  }

  function detach(work: Promise<void>): void {
    detached.add(work)
    work.then(() => detached.delete(work))
  }

  /** One at a time, since a task may put down another that is due before the next one. */
  async function runRealm(realm: string, limit: number, readAtFirst: Date): Promise<number> {
    let count = 0
    for (let now = readAtFirst; count < limit && !closed; now = await readClock(realm)) {
      const task = await lease(pool, provider, realm, now)
      if (!task) break
      count += 1
      if (handlers[task.kind]?.detached) detach(attempt(task).catch(reportFailedRun))
      else await attempt(task)
    }
    return count
  }

  function runDue(limit = 1_000): Promise<number> {
    return track(runRealms(limit))
  }

  async function runRealms(limit: number): Promise<number> {
    try {
      return await inTurn(() => sweep(limit))
    } finally {
      await Promise.all(detached)
    }
  }

  async function sweep(limit: number): Promise<number> {
    let count = 0
    for (const { realm, dueAt } of await realmsWithTasks(pool, provider)) {
      if (count >= limit || closed) break
      const now = await readClock(realm)
      if (dueAt <= now) count += await runRealm(realm, limit - count, now)
    }
    return count
  }

  /** One sweep at a time: whoever asks for what is due gets an answer when it is done, also by an earlier sweep. */
  function inTurn(work: () => Promise<number>): Promise<number> {
    const next = sweeping.then(work, work)
    sweeping = next
    return next
  }

  return {
    async schedule(world, { kind, subject, body, dueAt }) {
      await world.db.query(
        `INSERT INTO sandbox_task (tenant_id, provider, kind, subject, body, due_at) VALUES ($1, $2, $3, $4, $5, $6)`,
        [world.realm, world.provider, kind, subject, JSON.stringify(body), dueAt],
      )
      world.afterCommit(() => wakeSoon(world.realm, dueAt))
    },
    runDue,
    async close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      await Promise.allSettled(running)
    },
  }
}

/** Every realm with its earliest task, found by hopping along the index: its cost is the number of realms. */
async function realmsWithTasks(db: Queryable, provider: string): Promise<{ realm: string; dueAt: Date }[]> {
  const { rows } = await db.query(
    `WITH RECURSIVE hop AS (
       (SELECT tenant_id, due_at FROM sandbox_task WHERE provider = $1 ORDER BY tenant_id, due_at LIMIT 1)
       UNION ALL
       SELECT next.tenant_id, next.due_at FROM hop, LATERAL (
         SELECT tenant_id, due_at FROM sandbox_task
         WHERE provider = $1 AND tenant_id > hop.tenant_id ORDER BY tenant_id, due_at LIMIT 1) next)
     SELECT tenant_id, due_at FROM hop`,
    [provider],
  )
  return (rows as { tenant_id: string; due_at: Date }[]).map((row) => ({ realm: row.tenant_id, dueAt: row.due_at }))
}

interface TaskRow {
  id: string
  kind: string
  subject: string
  body: unknown
  due_at: Date
  attempts: number
}

async function lease(db: Queryable, provider: string, realm: string, now: Date): Promise<Task | undefined> {
  const { rows } = await db.query(
    `UPDATE sandbox_task SET leased_until = now() + make_interval(secs => $4)
     WHERE tenant_id = $2 AND id = (
       SELECT id FROM sandbox_task
       WHERE provider = $1 AND tenant_id = $2 AND due_at <= $3 AND (leased_until IS NULL OR leased_until < now())
       ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id::text, kind, subject, body, due_at, attempts`,
    [provider, realm, now, LEASE_SECONDS],
  )
  const row = rows[0] as TaskRow | undefined
  return row && { ...row, realm, dueAt: row.due_at }
}

async function done(db: Queryable, task: Task): Promise<void> {
  await db.query('DELETE FROM sandbox_task WHERE tenant_id = $1 AND id = $2', [task.realm, task.id])
}

async function putBack(db: Queryable, task: Task, dueAt: Date): Promise<void> {
  await db.query(
    `UPDATE sandbox_task SET due_at = $3, attempts = attempts + 1, leased_until = NULL
     WHERE tenant_id = $1 AND id = $2`,
    [task.realm, task.id, dueAt],
  )
}

import { bound } from '../kernel/bound.ts'
import { recent } from '../kernel/recent.ts'
import type { Pool, Transaction } from './store.ts'
import {
  insertTask,
  leaseTask,
  postponeTask,
  realmsWithTasks,
  removeTask,
  type Task,
  type TaskHandler,
} from './tasks.ts'

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

/** A runner with what it is doing at the moment. */
interface Runner extends RunnerParts {
  readonly timers: Set<NodeJS.Timeout>
  /** By how many milliseconds the clocks of realms were ahead of performance.now() when they were last read. */
  readonly ahead: ReturnType<typeof recent<number>>
  /** What closing waits for. */
  readonly running: Set<Promise<unknown>>
  readonly detached: Set<Promise<void>>
  /** The last of the sweeps, which go one after another. */
  sweeping: Promise<unknown>
  closed: boolean
}

/** A task nearer than this gets a timer of its own; the rest waits for the host's next call of runDue. */
const PROMPT_MS = 5_000

const MAX_BACKOFF_MS = 60_000

const REALMS_REMEMBERED = 1_000

const TASKS_AT_ONCE = 1_000

export function createTaskRunner(parts: RunnerParts): TaskRunner {
  const runner: Runner = {
    ...parts,
    timers: new Set(),
    ahead: recent<number>(REALMS_REMEMBERED),
    running: new Set(),
    detached: new Set(),
    sweeping: Promise.resolve(),
    closed: false,
  }
  return bound(runner, { schedule, runDue, close })
}

async function schedule(
  runner: Runner,
  world: Transaction,
  task: Pick<Task, 'kind' | 'subject' | 'body' | 'dueAt'>,
): Promise<void> {
  await insertTask(world, task)
  world.afterCommit(() => wakeSoon(runner, world.realm, task.dueAt))
}

function runDue(runner: Runner, limit = TASKS_AT_ONCE): Promise<number> {
  return track(runner, runRealms(runner, limit))
}

async function close(runner: Runner): Promise<void> {
  const { timers, running } = runner
  runner.closed = true
  for (const timer of timers) clearTimeout(timer)
  timers.clear()
  await Promise.allSettled(running)
}

/** Remembers work until it is over, so that closing can wait for it. */
function track<T>({ running }: Runner, work: Promise<T>): Promise<T> {
  running.add(work)
  const forget = () => void running.delete(work)
  work.then(forget, forget)
  return work
}

function wakeSoon(runner: Runner, realm: string, dueAt: Date): void {
  const { log, provider } = runner
  track(runner, wake(runner, realm, dueAt)).catch((error) =>
    log.warn({ err: error, provider }, 'the simulator could not read its clock'),
  )
}

/** Where the clock was advanced since it was last read, the task waits for the host's next call of runDue. */
async function wake(runner: Runner, realm: string, dueAt: Date): Promise<void> {
  const { ahead, timers } = runner
  const aheadMs = ahead.get(realm)
  const now = aheadMs === undefined ? (await readClock(runner, realm)).getTime() : performance.now() + aheadMs
  const delayMs = dueAt.getTime() - now
  if (runner.closed || delayMs > PROMPT_MS) return
  const timer = setTimeout(() => {
    timers.delete(timer)
    runDue(runner).catch((error) => reportFailedRun(runner, error))
  }, Math.max(0, delayMs) + 5)
  timer.unref()
  timers.add(timer)
}

async function readClock({ clockOf, ahead }: Runner, realm: string): Promise<Date> {
  const now = await clockOf(realm)
  ahead.set(realm, now.getTime() - performance.now())
  return now
}

async function runRealms(runner: Runner, limit: number): Promise<number> {
  try {
    return await inTurn(runner, () => sweep(runner, limit))
  } finally {
    await Promise.all(runner.detached)
  }
}

/** One sweep at a time: whoever asks for what is due gets an answer when it is done, also by an earlier sweep. */
function inTurn(runner: Runner, work: () => Promise<number>): Promise<number> {
  const next = runner.sweeping.then(work, work)
  runner.sweeping = next
  return next
}

async function sweep(runner: Runner, limit: number): Promise<number> {
  let count = 0
  for (const { realm, dueAt } of await realmsWithTasks(runner.pool, runner.provider)) {
    if (count >= limit || runner.closed) break
    const now = await readClock(runner, realm)
    if (dueAt <= now) count += await runRealm(runner, realm, limit - count, now)
  }
  return count
}

/** One at a time, since a task may put down another that is due before the next one. */
async function runRealm(runner: Runner, realm: string, limit: number, readAtFirst: Date): Promise<number> {
  const { pool, provider, handlers } = runner
  let count = 0
  let now = readAtFirst
  while (count < limit && !runner.closed) {
    const leased = await leaseTask(pool, provider, realm, now)
    if (!leased) break
    const { task, isLast } = leased
    count += 1
    if (!handlers[task.kind]?.detached) {
      await attempt(runner, task)
      now = await readClock(runner, realm)
    } else {
      detach(runner, task)
      if (isLast) break
    }
  }
  return count
}

function detach(runner: Runner, task: Task): void {
  const work = attempt(runner, task).catch((error) => reportFailedRun(runner, error))
  runner.detached.add(work)
  work.then(() => runner.detached.delete(work))
}

async function attempt(runner: Runner, task: Task): Promise<void> {
  const { pool, provider, handlers, log, clockOf } = runner
  const handler = handlers[task.kind]
  if (!handler) throw new Error(`no handler for the task ${task.kind}`)
  const again = await handler.run(task).catch(async (error) => {
    log.error({ err: error, provider, kind: task.kind, subject: task.subject }, 'a task of the simulator failed')
    return new Date((await clockOf(task.realm)).getTime() + Math.min(1_000 * 2 ** task.attempts, MAX_BACKOFF_MS))
  })
  if (!again) return void (await removeTask(pool, task))
  await postponeTask(pool, task, again)
  wakeSoon(runner, task.realm, again)
}

function reportFailedRun({ log, provider }: Runner, error: unknown): void {
  log.error({ err: error, provider }, 'the simulator could not run its due tasks')
}

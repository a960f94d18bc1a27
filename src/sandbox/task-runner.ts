import { bound } from '../kernel/bound.ts'
import { recent } from '../kernel/recent.ts'
import { inTransaction, type Pool, type Transaction } from './store.ts'
import { leaseTask, postponeTask, realmsWithTasks, removeTask, type Task, type TaskHandler } from './tasks.ts'
import { write } from './writes.ts'

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
  const { kind, subject, body, dueAt } = task
  await write(world, { scheduled: [{ kind, subject, body, dueAt }] })
  world.afterCommit(() => wakeSoon(runner, world.realm, dueAt))
}

function runDue(runner: Runner, limit = TASKS_AT_ONCE): Promise<number> {
  return track(
    runner,
    untilDone(runner, () => sweep(runner, limit)),
  )
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
  const { timers } = runner
  const delayMs = dueAt.getTime() - (await rememberedClock(runner, realm)).getTime()
  if (runner.closed || delayMs > PROMPT_MS) return
  const timer = setTimeout(() => {
    timers.delete(timer)
    runPrompt(runner, realm).catch((error) => reportFailedRun(runner, error))
  }, Math.max(0, delayMs) + 5)
  timer.unref()
  timers.add(timer)
}

async function readClock({ clockOf, ahead }: Runner, realm: string): Promise<Date> {
  const now = await clockOf(realm)
  ahead.set(realm, now.getTime() - performance.now())
  return now
}

/** What a timer was set for, by the clock that it was set by. */
function runPrompt(runner: Runner, realm: string): Promise<number> {
  const work = async () => runRealm(runner, realm, TASKS_AT_ONCE, await rememberedClock(runner, realm))
  return track(runner, untilDone(runner, work))
}

/** By the clock as it was last read, which costs nothing; what came due since it was advanced is found by the next sweep. */
async function rememberedClock(runner: Runner, realm: string): Promise<Date> {
  const aheadMs = runner.ahead.get(realm)
  return aheadMs === undefined ? readClock(runner, realm) : new Date(performance.now() + aheadMs)
}

async function untilDone(runner: Runner, work: () => Promise<number>): Promise<number> {
  try {
    return await inTurn(runner, work)
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
    if (!isDetached(handlers[task.kind])) {
      await attempt(runner, task)
      now = await rememberedClock(runner, realm)
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

function isDetached(handler: TaskHandler | undefined): boolean {
  return handler !== undefined && 'run' in handler && handler.detached === true
}

async function attempt(runner: Runner, task: Task): Promise<void> {
  const { pool, provider, log, clockOf } = runner
  const { realm, kind, subject, attempts } = task
  const again = await doTask(runner, task).catch(async (error) => {
    log.error({ err: error, provider, kind, subject }, 'a task of the simulator failed')
    return new Date((await clockOf(realm)).getTime() + Math.min(1_000 * 2 ** attempts, MAX_BACKOFF_MS))
  })
  if (again === 'removed') return
  if (again) await postponeTask(pool, task, again)
  const isBehind = !again && (await removeTask(pool, provider, task))
  if (again || isBehind) wakeSoon(runner, realm, again ?? task.dueAt)
}

/** When to do it again, if at all, or that it was taken away with what it changed. */
async function doTask({ pool, provider, handlers }: Runner, task: Task): Promise<Date | undefined | 'removed'> {
  const handler = handlers[task.kind]
  if (!handler) throw new Error(`no handler for the task ${task.kind}`)
  if ('run' in handler) return handler.run(task)
  await inTransaction(pool, provider, task.realm, async (world) => {
    await handler.change(world, task)
    await write(world, { done: [task.id] })
  })
  return 'removed'
}

function reportFailedRun({ log, provider }: Runner, error: unknown): void {
  log.error({ err: error, provider }, 'the simulator could not run its due tasks')
}

import type { FaultRule } from './fault-rules.ts'
import type { Queryable, Transaction, World } from './store.ts'
import { write } from './writes.ts'

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
  /** The rules of the realm's faults when the task was taken. */
  readonly faults: readonly FaultRule[]
}

/** Does a task. Two may do it at once where one takes long, so it looks before it acts. */
export type TaskHandler =
  /** In one transaction, with which the task is done. */
  | { change(world: Transaction, task: Task): Promise<void> }
  /**
   * Outside any; a date means "again then". It may run twice when the process dies in between. One with `detached` talks
   * to the outside and must not hold up the tasks behind it.
   */
  | { readonly detached?: boolean; run(task: Task): Promise<Date | undefined> }

/** A task that was taken and neither done nor put back within this time is taken again. */
const LEASE_SECONDS = 20

/** A task under this subject is held back: it waits until the next of its kind is done. */
export const HELD_BACK = 'held back'

export async function cancelTasks(world: World, kind: string, subject: string): Promise<void> {
  await write(world, { cancelled: [{ kind, subject }] })
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

/** Every realm with its earliest task, found by hopping along the index: its cost is the number of realms. */
export async function realmsWithTasks(db: Queryable, provider: string): Promise<{ realm: string; dueAt: Date }[]> {
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

const DUE = 'provider = $1 AND tenant_id = $2 AND due_at <= $3 AND (leased_until IS NULL OR leased_until < now())'

interface TaskRow {
  id: string
  kind: string
  subject: string
  body: unknown
  due_at: Date
  attempts: number
  faults: FaultRule[]
}

/** A task that was taken, and whether it was the last that was due. */
interface LeasedTask {
  readonly task: Task
  readonly isLast: boolean
}

/** Takes the earliest task that is due, so that nobody else takes it for a while; undefined when none is due. */
export async function leaseTask(
  db: Queryable,
  provider: string,
  realm: string,
  now: Date,
): Promise<LeasedTask | undefined> {
  const { rows } = await db.query(
    `UPDATE sandbox_task t SET leased_until = now() + make_interval(secs => $4)
     WHERE tenant_id = $2 AND id = (SELECT id FROM sandbox_task WHERE ${DUE} ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id::text, kind, subject, body, due_at, attempts,
       NOT EXISTS (SELECT FROM sandbox_task WHERE ${DUE} AND id <> t.id) AS is_last,
       ARRAY(SELECT d.body FROM sandbox_document d WHERE d.tenant_id = $2 AND d.provider = $1 AND d.kind = 'fault'
         ORDER BY d.position) AS faults`,
    [provider, realm, now, LEASE_SECONDS],
  )
  const row = rows[0] as (TaskRow & { is_last: boolean }) | undefined
  if (!row) return undefined
  const { id, kind, subject, body, due_at: dueAt, attempts, faults, is_last: isLast } = row
  return { task: { id, realm, kind, subject, body, dueAt, attempts, faults }, isLast }
}

/** Takes away a task that was done, if it is still there. What was held back behind it is due then; says whether any was. */
export async function removeTask(db: Queryable, provider: string, task: Task): Promise<boolean> {
  const { rows } = await db.query(
    `WITH done AS (DELETE FROM sandbox_task WHERE tenant_id = $1 AND id = $3 RETURNING id)
     UPDATE sandbox_task SET due_at = $6
     WHERE tenant_id = $1 AND provider = $2 AND kind = $4 AND $5 <> '${HELD_BACK}' AND subject = '${HELD_BACK}'
       AND leased_until IS NULL AND EXISTS (SELECT FROM done)
     RETURNING id`,
    [task.realm, provider, task.id, task.kind, task.subject, task.dueAt],
  )
  return rows.length > 0
}

/** Lets a task be taken again, at that moment. */
export async function postponeTask(db: Queryable, task: Task, dueAt: Date): Promise<void> {
  await db.query(
    `UPDATE sandbox_task SET due_at = $3, attempts = attempts + 1, leased_until = NULL
     WHERE tenant_id = $1 AND id = $2`,
    [task.realm, task.id, dueAt],
  )
}

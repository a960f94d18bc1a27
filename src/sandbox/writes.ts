/**
 * What a transaction changes is kept until it reads something or ends, and then goes to the database as one statement.
 * Outside a transaction each change is a statement of its own.
 */

interface WrittenDocument {
  readonly kind: string
  readonly id: string
  readonly body: object
}

interface WrittenTask {
  readonly kind: string
  readonly subject: string
  readonly body: unknown
  readonly dueAt: Date
}

interface Writes {
  readonly inserted: readonly WrittenDocument[]
  readonly replaced: readonly WrittenDocument[]
  /** Tasks that are not done any more. */
  readonly cancelled: readonly Pick<WrittenTask, 'kind' | 'subject'>[]
  /** The ids of tasks that are done by the transaction itself. */
  readonly done: readonly string[]
  readonly scheduled: readonly WrittenTask[]
}

const NOTHING: Writes = { inserted: [], replaced: [], cancelled: [], done: [], scheduled: [] }

/** What a transaction has changed and not sent yet. */
export interface Unsent {
  writes: Writes
}

/** A world, and what its transaction has not sent yet. */
interface Place {
  readonly db: { query(text: string, values?: unknown[]): Promise<unknown> }
  readonly provider: string
  readonly realm: string
  readonly unsent?: Unsent
}

export function nothingUnsent(): Unsent {
  return { writes: NOTHING }
}

export async function write(world: Place, change: Partial<Writes>): Promise<void> {
  if (!world.unsent) return send(world, { ...NOTHING, ...change })
  world.unsent.writes = after(world.unsent.writes, { ...NOTHING, ...change })
}

/** Sends what was kept. */
export async function sendUnsent(world: Place): Promise<void> {
  const { unsent } = world
  if (!unsent || unsent.writes === NOTHING) return
  const { writes } = unsent
  unsent.writes = NOTHING
  await send(world, writes)
}

/** One change and then another, as one: the last body of a document counts, and what is cancelled was scheduled before. */
function after(before: Writes, { inserted, replaced, cancelled, done, scheduled }: Writes): Writes {
  const isReplaced = (document: WrittenDocument) => replaced.some((other) => isSame(document, other))
  const isInserted = (document: WrittenDocument) => before.inserted.some((other) => isSame(document, other))
  const isCancelled = (task: WrittenTask) =>
    cancelled.some(({ kind, subject }) => kind === task.kind && subject === task.subject)
  return {
    inserted: [
      ...before.inserted.map((document) => replaced.find((other) => isSame(document, other)) ?? document),
      ...inserted,
    ],
    replaced: [
      ...before.replaced.filter((document) => !isReplaced(document)),
      ...replaced.filter((each) => !isInserted(each)),
    ],
    cancelled: [...before.cancelled, ...cancelled],
    done: [...before.done, ...done],
    scheduled: [...before.scheduled.filter((task) => !isCancelled(task)), ...scheduled],
  }
}

function isSame(one: WrittenDocument, other: WrittenDocument): boolean {
  return one.kind === other.kind && one.id === other.id
}

const PLACE = 't.tenant_id = $1 AND t.provider = $2'

const WRITE = `
  WITH inserted AS (
    INSERT INTO sandbox_document (tenant_id, provider, kind, id, body)
    SELECT $1::uuid, $2, kind, id, body FROM jsonb_to_recordset($3) AS w (kind text, id text, body jsonb)
  ), replaced AS (
    UPDATE sandbox_document t SET body = w.body FROM jsonb_to_recordset($4) AS w (kind text, id text, body jsonb)
    WHERE ${PLACE} AND t.kind = w.kind AND t.id = w.id
  ), cancelled AS (
    DELETE FROM sandbox_task t USING jsonb_to_recordset($5) AS w (kind text, subject text)
    WHERE ${PLACE} AND t.kind = w.kind AND t.subject = w.subject
  ), done AS (
    DELETE FROM sandbox_task t WHERE ${PLACE} AND t.id = ANY ($6::bigint[])
  )
  INSERT INTO sandbox_task (tenant_id, provider, kind, subject, body, due_at)
  SELECT $1::uuid, $2, kind, subject, body, "dueAt"
  FROM jsonb_to_recordset($7) AS w (kind text, subject text, body jsonb, "dueAt" timestamptz)`

async function send({ db, realm, provider }: Place, writes: Writes): Promise<void> {
  const { inserted, replaced, cancelled, done, scheduled } = writes
  const documents = [JSON.stringify(inserted), JSON.stringify(replaced)]
  await db.query(WRITE, [realm, provider, ...documents, JSON.stringify(cancelled), done, JSON.stringify(scheduled)])
}

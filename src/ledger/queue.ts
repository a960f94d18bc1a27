import type { Database } from '../db/database.ts'
import { onBehalfOf } from '../db/requester.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock } from '../kernel/clock.ts'
import { currencyIn } from './journal.ts'
import { type Outcome, outcomeFrom, POST_NOW, type Prepared, parametersOf } from './statement.ts'

/**
 * Group commit. Postings that come while a batch is being committed make up the next, so that any number of them share
 * a round trip and a commit, and an account that everybody pays from costs no more than any other.
 */

const BATCH = 128
/** While one batch is committed the next is already made and checked. */
const AT_ONCE = 2
/** Fewer than these are not worth a batch beside another: they wait for it, and share the next. */
const WORTH_A_BATCH = 8

interface Waiting {
  readonly prepared: Prepared
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** What waits for a tenant's books. */
interface Lane {
  readonly waiting: Waiting[]
  running: number
  scheduled: boolean
}

interface Queue {
  readonly db: Database
  readonly clock: Clock
  /** By tenant. */
  readonly lanes: Map<string, Lane>
}

export type PostingQueue = ReturnType<typeof postingQueue>

export function postingQueue(db: Database, clock: Clock) {
  const queue: Queue = { db, clock, lanes: new Map() }
  return bound(queue, { post: postInTurn })
}

/** Posts; settles when the posting is committed, or rejects with why it was refused. */
function postInTurn(queue: Queue, tenantId: string, prepared: Prepared): Promise<Outcome> {
  const { lanes } = queue
  return new Promise((resolve, reject) => {
    const lane = lanes.get(tenantId) ?? { waiting: [], running: 0, scheduled: false }
    lanes.set(tenantId, lane)
    lane.waiting.push({ prepared, resolve, reject })
    schedule(queue, tenantId, lane)
  })
}

/** What is put down in the same turn of the event loop goes together. */
function schedule(queue: Queue, tenantId: string, lane: Lane): void {
  if (lane.scheduled) return
  lane.scheduled = true
  setImmediate(() => {
    lane.scheduled = false
    drain(queue, tenantId, lane)
  })
}

/** Sends what waits, in as many batches as may be under way. */
function drain(queue: Queue, tenantId: string, lane: Lane): void {
  const { waiting } = lane
  while (lane.running < AT_ONCE && waiting.length >= (lane.running === 0 ? 1 : WORTH_A_BATCH)) {
    const shares = waiting.length >= 2 * WORTH_A_BATCH ? AT_ONCE - lane.running : 1
    const batch = takeBatch(waiting, Math.min(BATCH, Math.ceil(waiting.length / shares)))
    lane.running += 1
    void onBehalfOf({ party: tenantId }, () => settle(queue, tenantId, batch)).finally(() => {
      lane.running -= 1
      schedule(queue, tenantId, lane)
    })
  }
  if (lane.running === 0) queue.lanes.delete(tenantId)
}

async function settle(queue: Queue, tenantId: string, batch: readonly Waiting[]): Promise<void> {
  await commit(queue, tenantId, batch).catch(async () => {
    for (const waiting of batch) await again(queue, tenantId, waiting)
  })
}

async function commit(queue: Queue, tenantId: string, batch: readonly Waiting[]): Promise<void> {
  const postings = batch.map(({ prepared }) => prepared)
  const answers = await send(queue, tenantId, postings)
  batch.forEach(({ prepared, resolve, reject }, index) => {
    try {
      resolve(outcomeFrom(answers[index] ?? '', currencyIn(prepared), answers.at(-1)))
    } catch (error) {
      reject(error)
    }
  })
}

async function send({ db, clock }: Queue, tenantId: string, batch: readonly Prepared[]): Promise<string[]> {
  const parameters = parametersOf(tenantId, clock.now(), batch)
  const [row] = await db.query<{ answers: string[] }>('ledger.post', POST_NOW, parameters)
  return row?.answers ?? []
}

/**
 * Posts on its own what was in a batch that failed as a whole, so that one bad posting does not take the others with
 * it. Where the connection was lost the batch may have been committed all the same, or still be on its way: what is
 * there is not posted again, and what comes in between takes the transaction's id, which nobody can take twice.
 */
async function again(queue: Queue, tenantId: string, { prepared, resolve, reject }: Waiting): Promise<void> {
  try {
    if (await isPosted(queue, tenantId, prepared)) return resolve({ state: 'posted' })
    const [answer = ''] = await send(queue, tenantId, [prepared])
    resolve(outcomeFrom(answer, currencyIn(prepared)))
  } catch (error) {
    if (await isPosted(queue, tenantId, prepared).catch(() => false)) resolve({ state: 'posted' })
    else reject(error)
  }
}

async function isPosted({ db }: Queue, tenantId: string, { headers }: Prepared): Promise<boolean> {
  const text = 'SELECT id FROM ledger_transaction WHERE tenant_id = $1 AND id = ANY ($2::uuid[])'
  const found = await db.query('ledger.posted', text, [tenantId, headers.map(({ id }) => id)])
  return found.length > 0
}

/** A repeat of a key waits for the batch after the one with the first, which it is then a repeat of. */
function takeBatch(lane: Waiting[], size: number): Waiting[] {
  const batch: Waiting[] = []
  const keys = new Set<string>()
  const left: Waiting[] = []
  for (const waiting of lane.splice(0)) {
    const { key } = waiting.prepared
    const name = key && `${key.ownerId} ${key.operation} ${key.key}`
    if (batch.length === size || (name !== undefined && keys.has(name))) {
      left.push(waiting)
      continue
    }
    if (name !== undefined) keys.add(name)
    batch.push(waiting)
  }
  lane.push(...left)
  return batch
}

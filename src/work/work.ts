import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { type LockedTable, lockRow } from '../db/lock.ts'
import type { NewEvent } from '../events/catalogue.ts'
import { append, type Emit } from '../events/outbox.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { isConflict } from '../kernel/unavailable.ts'
import { type Claim, claim, claimAlone, type Earlier, earlierAnswer, isAnswered } from './idempotency.ts'

/** What a change is made under: whose it is, when it happens, and which request asked for it. */
export interface Change {
  readonly tenantId: string
  readonly at: Date
  readonly requestId?: string | undefined
}

/**
 * One transaction that changes something: its rows, its postings, its events and its idempotency key commit together
 * or not at all. It throws when it is used after its end, since what is written then would belong to no transaction.
 */
export interface Work extends Change {
  readonly tx: Transaction
  /** Tells of the change. Events are written last, because the tenant's counter is locked from there to the commit. */
  readonly emit: Emit
  /**
   * Keeps a row of the tenant, if it is there, from every other change until the end; rows may still point to it.
   * Who locks several takes them in the order of LOCK_ORDER.
   */
  lock(table: LockedTable, id: string): Promise<void>
}

const ATTEMPTS = 5

/**
 * What a provider calls a thing of its own. Nothing is there to be locked when several tell of it for the first time at once:
 * whoever was second finds it at the next try.
 */
const MADE_ONCE = ['payment', 'billing', 'subscription', 'refund'].map(
  (table) => `${table}_tenant_id_provider_external_id_key`,
)

/** Does the work in one transaction, and again from its beginning where another was in its way. */
export async function transact<T>(db: Database, change: Change, run: (work: Work) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.prisma.$transaction((tx) => runIn(tx, change, run))
    } catch (error) {
      if (attempt === ATTEMPTS || !(isConflict(error) || wasMadeMeanwhile(error))) throw error
    }
  }
}

function wasMadeMeanwhile(error: unknown): boolean {
  return MADE_ONCE.some((index) => isUniqueViolation(error, index))
}

/**
 * A mutation, once: under an idempotency key the first request does the work and a repeat is given its object.
 * A repeat at the same moment waits, inside PostgreSQL, for the first to commit.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input, RefusedBefore when it was refused.
 */
export async function transactOnce(
  db: Database,
  call: Call,
  at: Date,
  subjectId: string,
  run: (work: Work) => Promise<void>,
): Promise<Done> {
  const earlier = await unlessEarlier(db, call, at, { subjectId, actId: null }, run)
  return earlier ? { id: earlier.subjectId, replayed: true } : { id: subjectId, replayed: false }
}

/** Does the work of the first request under a key, if there is any. For any other, answers what the first came to. */
export async function unlessEarlier(
  db: Database,
  call: Call,
  at: Date,
  wanted: Claim,
  run?: (work: Work) => Promise<void>,
): Promise<Earlier | undefined> {
  try {
    await (run ? transactClaimed(db, call, at, wanted, run) : claimAlone(db, call, wanted))
    return undefined
  } catch (error) {
    if (!isAnswered(error)) throw error
    // The key may have been freed in that very moment.
    return (await earlierAnswer(db, call)) ?? unlessEarlier(db, call, at, wanted, run)
  }
}

async function transactClaimed(
  db: Database,
  call: Call,
  at: Date,
  wanted: Claim,
  run: (work: Work) => Promise<void>,
): Promise<void> {
  const change = { tenantId: call.actor.tenantId, at, requestId: call.actor.requestId }
  await transact(db, change, async (work) => {
    await claim(work.tx, call, wanted)
    await run(work).catch((error) => answeredOr(error, work.tx))
  })
}

/** A repeat is answered as the first was, also where it would be refused by itself. */
async function answeredOr(error: unknown, tx: Transaction): Promise<never> {
  const failure: unknown = await tx.$queryRaw`SELECT 1`.then(
    () => undefined,
    (failed) => failed,
  )
  throw isAnswered(failure) ? failure : error
}

async function runIn<T>(tx: Transaction, change: Change, run: (work: Work) => Promise<T>): Promise<T> {
  const events: NewEvent[] = []
  let ended = false
  const open = (): Transaction => {
    if (ended) throw new Error('a unit of work was used after its end')
    return tx
  }
  const work: Work = {
    ...change,
    get tx() {
      return open()
    },
    emit(event) {
      open()
      events.push(event)
    },
    lock: (table, id) => lockRow(open(), table, change.tenantId, id),
  }
  try {
    const result = await run(work)
    if (events.length > 0) await append(tx, change, events)
    return result
  } finally {
    ended = true
  }
}

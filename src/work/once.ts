import type { Database } from '../db/database.ts'
import { type Call, type Done, keyOwnerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import { DomainError, type ErrorCode, type Problem, RefusedBefore } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { assertKey, keyReused, readProblems, refusedBefore, writeProblems } from './idempotency.ts'

/** What a retry or another key may cure is not kept: the next request under the idempotency key is the first again. */
const NOT_KEPT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PROVIDER_UNAVAILABLE',
  'PRECONDITION_FAILED',
  'FORBIDDEN',
  'IDEMPOTENCY_KEY_REUSED',
])
/** So long a list of problems is a mistake that any repeat makes again, and not worth its room. */
const KEPT_AT_MOST = 64 * 1024
/** An answer that is about to be forgotten is none: it may be gone when it is looked for. */
const ABOUT_TO_EXPIRE = "interval '1 minute'"

/** A request that is being answered, and what others under its key are told once it is. */
interface UnderWay {
  readonly call: Call
  readonly told: Promise<Done | DomainError | undefined>
}

interface Kept {
  readonly first: boolean
  readonly same: boolean
  readonly subjectId: string | null
  readonly problems: string
}

interface Deps {
  readonly db: Database
}

/** Requests under one key go to the database one at a time, so that repeats that wait there hold no connections. */
type RequestsUnderWay = Map<string, UnderWay>

/** Every mutation is answered once under its idempotency key, whether it was done or refused. */
export function idempotencyService(deps: Deps) {
  const underWay: RequestsUnderWay = new Map()
  return {
    once: <Answer extends Done>(call: Call, work: () => Promise<Answer>) => answerOnce(deps, underWay, call, work),
    ...bound(deps, { isAnswered: hasAnswer }),
  }
}

/**
 * Does the work, or gives the answer again that the first request under the key was given. Who asks while the first
 * is being answered waits, and is told the same.
 * @throws DomainError as the work does, IDEMPOTENCY_KEY_REUSED, or RefusedBefore
 */
async function answerOnce<Answer extends Done>(
  deps: Deps,
  underWay: RequestsUnderWay,
  call: Call,
  work: () => Promise<Answer>,
): Promise<Answer | Done> {
  const { actor, operation, idempotencyKey: key } = call
  if (key === undefined) return work()
  assertKey(key)
  const name = `${actor.tenantId} ${keyOwnerOf(actor)} ${operation} ${key}`
  for (let ahead = underWay.get(name); ahead; ahead = underWay.get(name)) {
    const told = await ahead.told
    if (!told || !isRepeat(call, ahead.call)) continue
    if (told instanceof DomainError) throw told
    return told
  }
  const answered = answer(deps, call, work)
  const told = answered.then(toldOf, refusalOf).then((outcome) => {
    underWay.delete(name)
    return outcome
  })
  underWay.set(name, { call, told })
  return answered
}

/** Whether this request can only be given the answer that its key has: to what was done, or to its own refusal. */
async function hasAnswer({ db }: Deps, call: Call): Promise<boolean> {
  const { actor, operation, idempotencyKey, requestHash } = call
  const found = await db.query(
    'idempotency.answered',
    `SELECT FROM idempotency_record
     WHERE tenant_id = $1 AND owner_id = $2 AND operation = $3 AND key = $4
       AND (subject_id IS NOT NULL OR request_hash = $5) AND act_id IS NULL
       AND expires_at > now() + ${ABOUT_TO_EXPIRE}`,
    [actor.tenantId, keyOwnerOf(actor), operation, idempotencyKey, requestHash],
  )
  return found.length > 0
}

async function answer<Answer extends Done>(
  deps: Deps,
  call: Call,
  work: () => Promise<Answer>,
): Promise<Answer | Done> {
  try {
    const done = await work()
    const { problems = [] } = done
    return problems.length > 0 && isKept(problems) ? { ...done, problems: await keepProblems(deps, call, done) } : done
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof RefusedBefore || !isKept(error.problems)) throw error
    return keepRefusal(deps, call, error)
  }
}

/** What went wrong with an object is told as it was told first. */
async function keepProblems({ db }: Deps, call: Call, { id, problems = [] }: Done) {
  const { actor, operation, idempotencyKey } = call
  const [kept] = await db.query<{ problems: string }>(
    'idempotency.problems',
    `UPDATE idempotency_record SET problems = CASE problems WHEN '[]' THEN $5::jsonb ELSE problems END
     WHERE tenant_id = $1 AND owner_id = $6 AND operation = $2 AND key = $3 AND subject_id = $4
     RETURNING problems::text`,
    [actor.tenantId, operation, idempotencyKey, id, writeProblems(problems), keyOwnerOf(actor)],
  )
  return kept ? readProblems(kept.problems) : problems
}

/** A refusal is the answer to its request, unless the key has one: then that is given again. */
async function keepRefusal({ db }: Deps, call: Call, refusal: DomainError): Promise<Done> {
  const { actor, operation, idempotencyKey, requestHash } = call
  const problems = writeProblems(refusal.problems)
  if (problems.length > KEPT_AT_MOST) throw refusal
  const [kept] = await db.query<Kept>('idempotency.refuse', 'SELECT * FROM keep_refusal($1, $2, $3, $4, $5, $6, $7)', [
    actor.tenantId,
    newId(),
    keyOwnerOf(actor),
    operation,
    idempotencyKey,
    requestHash,
    problems,
  ])
  if (!kept || kept.first) throw refusal
  if (!kept.same) throw keyReused()
  if (kept.subjectId === null) throw refusedBefore(kept.problems)
  return { id: kept.subjectId, replayed: true, problems: readProblems(kept.problems) }
}

function isKept(problems: readonly Problem[]): boolean {
  return problems.every(({ code }) => !NOT_KEPT.has(code))
}

/** The same wish of the same key, which the same answer is for. */
function isRepeat(call: Call, earlier: Call): boolean {
  return call.actor.apiKeyId === earlier.actor.apiKeyId && Buffer.compare(call.requestHash, earlier.requestHash) === 0
}

/** Nothing but the object and its problems: what is shown once, such as a new key's secret, is for the first alone. */
function toldOf({ id, problems }: Done): Done {
  return { id, replayed: true, ...(problems && { problems }) }
}

/** A fault is nobody else's answer. */
function refusalOf(error: unknown): DomainError | undefined {
  if (!(error instanceof DomainError)) return undefined
  const [first, ...rest] = error.problems
  return first && isKept(error.problems) ? new RefusedBefore(first, ...rest) : error
}

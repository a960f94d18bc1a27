import type { Database } from '../db/database.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { finishAct, forgetAct } from '../work/idempotency.ts'
import { unlessEarlier, type Work } from '../work/work.ts'
import { asDomainError, ProviderAnswerLost, ProviderError, ProviderUnavailable } from './errors.ts'

/** Something that is done at a provider, and not by what the gateway writes. */
export interface Act {
  readonly at: Date
  readonly subjectId: string
  /** Writes what has to be there before the provider is asked, for the first request alone. */
  begin?(work: Work, actId: string): Promise<void>
  /** Asks the provider, so that what is asked twice is done once; answers the object where it came to be only by that. */
  ask(begun: Begun): Promise<string | undefined>
}

export interface Begun {
  /** Names the act, from its first request to its last. */
  readonly actId: string
  readonly subjectId: string
  /** Whether an earlier request was cut off, so that the act may be done already. */
  readonly mayBeDone: boolean
}

/**
 * A mutation that makes a provider do something, once. The key is kept before the provider is asked, together with the
 * id of the act, and is answered for when the act is done. A repeat of one that was cut off between asks again.
 * @throws DomainError as transactOnce does, and what the provider refused
 */
export async function actOnce(db: Database, call: Call, act: Act): Promise<Done> {
  const fresh = { subjectId: act.subjectId, actId: newId() }
  const { begin } = act
  const run = begin && ((work: Work) => begin(work, fresh.actId))
  const earlier = await unlessEarlier(db, call, act.at, fresh, run)
  const { subjectId, actId } = earlier ?? fresh
  const mayBeDone = earlier !== undefined
  if (actId === null) return { id: subjectId, replayed: true }
  try {
    const id = (await act.ask({ actId, subjectId, mayBeDone })) ?? subjectId
    await finishAct(db, call, actId, id)
    return { id, replayed: false }
  } catch (error) {
    if (hadNoEffect(error, mayBeDone) && !(await forgetAct(db.prisma, call, actId)))
      return { id: subjectId, replayed: true }
    throw asDomainError(error)
  }
}

/** Whatever else went wrong, the act may have been done, and its key goes on to name it. */
function hadNoEffect(error: unknown, mayBeDone: boolean): boolean {
  // That it was not asked this time says nothing of an earlier time.
  if (error instanceof ProviderUnavailable && mayBeDone) return false
  if (error instanceof ProviderError) return !(error instanceof ProviderAnswerLost)
  return error instanceof DomainError
}

import type { TransactionState } from '../db/generated/enums.ts'
import type { EventRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import { isFinal, isMoving, isRefunded, isUnpaid } from '../payments/payment.ts'

/** One try of a customer to pay a checkout. */
export interface Attempt {
  readonly number: number
  readonly status: TransactionState
  readonly message: string | undefined
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

const OF_ATTEMPTS = /^(payment\.|checkout\.(processing|attempt_failed|completed)$)/

/**
 * The attempts at a checkout, oldest first, from its events in their order: each step on the way and each end is one. An
 * attempt of which no step was seen is known by its end.
 */
export function attemptsFrom(events: readonly Pick<EventRow, 'type' | 'payload' | 'at'>[]): Attempt[] {
  const attempts: Attempt[] = []
  for (const { type, payload, at } of events) {
    const { status } = payload as { status?: Status }
    if (!status || !OF_ATTEMPTS.test(type) || isRefunded(status.state)) continue
    const last = attempts.at(-1)
    if (last && continues(last, status.state)) attempts[attempts.length - 1] = stepped(last, status, at)
    else attempts.push(stepped({ ...BEGUN, number: attempts.length + 1, startedAt: at }, status, at))
  }
  return attempts
}

const BEGUN = { status: 'CREATED', message: undefined, endedAt: undefined } as const

/** Whether a step belongs to the last attempt: it is under way, or it is paid, and more has come for it. */
function continues({ status, endedAt }: Attempt, state: TransactionState): boolean {
  return endedAt === undefined || (!isUnpaid(status) && !isMoving(state))
}

function stepped(attempt: Attempt, { state, message }: Status, at: Date): Attempt {
  const endedAt = isFinal(state) ? (attempt.endedAt ?? at) : undefined
  return { ...attempt, status: state, message, endedAt }
}

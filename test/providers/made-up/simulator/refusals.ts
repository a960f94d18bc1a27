import { unavailable } from '../../../../src/kernel/unavailable.ts'
import { DuplicateKeyError } from '../../../../src/sandbox/collection.ts'
import type { FaultAnswers } from '../../../../src/sandbox/faulty-calls.ts'

/** How the provider says no: with a code inside HTTP 200. */

export type Code =
  | 'BAD_SIGNATURE'
  | 'BAD_FIELD'
  | 'NO_SUCH_SERVICE'
  | 'NOT_FOUND'
  | 'NUMBER_USED'
  | 'REFUND_TOO_LARGE'
  | 'BALANCE_TOO_LOW'
  | 'SYSTEM_ERROR'

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: Code

  constructor(code: Code, message: string) {
    super(message)
    this.code = code
  }
}

export function notFound(what: string): Refusal {
  return new Refusal('NOT_FOUND', `there is no such ${what}`)
}

export function accepted(data: unknown): Response {
  return Response.json({ code: 'OK', message: '', data })
}

export function refused(code: Code | 'SLOW_DOWN', message: string, data: object | null = null): Response {
  return Response.json({ code, message, data })
}

/** The answer to a request that ended with this error; undefined where the simulator is at fault. */
export function answerTo(error: unknown): Response | undefined {
  if (error instanceof Refusal) return refused(error.code, error.message)
  if (error instanceof DuplicateKeyError) return refused('NUMBER_USED', `this ${error.key} is used already`)
  return unavailable(error) && refused('SYSTEM_ERROR', 'the service is unavailable')
}

/** How the API fails when it is told to. */
export const FAULT_ANSWERS: FaultAnswers = {
  serverError: () => refused('SYSTEM_ERROR', 'an internal error has occurred'),
  rateLimited: (seconds) => refused('SLOW_DOWN', 'too many requests', { wait_seconds: String(seconds) }),
  missingRoute: () => refused('NO_SUCH_SERVICE', 'there is no such service'),
}

/**
 * Three kinds of failure, never mixed: a DomainError is the caller's to act on and becomes a userError;
 * a ProviderError says whether asking again may help; any other error is a bug of ours.
 */
export const ERROR_CODES = [
  'REQUIRED',
  'INVALID',
  'TOO_LONG',
  'TOO_SHORT',
  'OUT_OF_RANGE',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'LIMIT_REACHED',
  'INVALID_STATE',
  'FORBIDDEN',
  'CURRENCY_MISMATCH',
  'TOTALS_MISMATCH',
  'AMOUNT_TOO_SMALL',
  'RATE_MISSING',
  'INSUFFICIENT_FUNDS',
  'OVERDRAFT_LIMIT_EXCEEDED',
  'ACCOUNT_FROZEN',
  'IDEMPOTENCY_KEY_REUSED',
  'UNSUPPORTED',
  'PROVIDER_REFUSED',
  'PROVIDER_UNAVAILABLE',
  'PREFLIGHT_REFUSED',
  'PRECONDITION_FAILED',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** One thing wrong with a request. `field` is the path in the input, e.g. ["item", "price", "amount"]. */
export interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly field?: readonly string[]
  /** Facts that a client can act on, by name; the edge knows which of them a typed userError carries. */
  readonly facts?: Readonly<Record<string, unknown>>
}

export class DomainError extends Error {
  override readonly name: string = 'DomainError'
  readonly problems: readonly Problem[]

  constructor(...problems: readonly [Problem, ...Problem[]]) {
    super(problems.map((problem) => problem.message).join('; '))
    this.problems = problems
  }
}

/** A refusal given again: an earlier request under the same idempotency key was refused so. */
export class RefusedBefore extends DomainError {
  override readonly name = 'RefusedBefore'
}

export function notFound(what: string, field: readonly string[]): DomainError {
  return new DomainError({ code: 'NOT_FOUND', message: `${what} not found`, field })
}

export function invalidState(message: string, field: readonly string[] = []): DomainError {
  return new DomainError({ code: 'INVALID_STATE', message, field })
}

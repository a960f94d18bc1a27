import { DomainError, type Problem } from '../kernel/errors.ts'
import type { CapabilityName } from './port/routes.ts'

export interface ProviderFailure {
  readonly provider: string
  readonly message: string
  /** The provider's own code or HTTP status, for the one who asks its support. */
  readonly providerCode?: string
  /** Which fields of what it was sent it refused, by the provider's own names, where it says so. */
  readonly refusedFields?: readonly string[]
  /** Which field of the caller's input that is, where the adapter knows. */
  readonly field?: readonly string[]
  /** Whether what was refused may be accepted later, where the provider says so. */
  readonly retryable?: boolean
  /** Whether it is up and was only asked too often. */
  readonly isRateLimit?: boolean
  /** From when on it makes sense to ask again, where that is known. */
  readonly retryAt?: Date
}

/** A call to a provider that brought no answer to work with. */
export abstract class ProviderError extends Error {
  readonly failure: ProviderFailure

  constructor(failure: ProviderFailure, options?: ErrorOptions) {
    super(failure.message, options)
    this.failure = failure
  }
}

/** The provider understood and said no. Asking again brings the same answer, unless the failure is retryable. */
export class ProviderRefused extends ProviderError {
  override readonly name: string = 'ProviderRefused'
}

/** The provider's server has no route for this, so that nothing happened and nothing was said of any object. */
export class ProviderLacks extends ProviderRefused {
  override readonly name = 'ProviderLacks'

  constructor(provider: string, capability: CapabilityName, providerCode?: string) {
    super({ provider, message: lacking(provider, capability), ...(providerCode !== undefined && { providerCode }) })
  }
}

/** How people are told that a connection lacks a capability. */
export function lacking(provider: string, capability: CapabilityName): string {
  return `${provider} has no ${capability}: the server of this connection has no route for it`
}

/** Nothing happened at the provider: it could not be reached, or said so itself. Asking again is safe. */
export class ProviderUnavailable extends ProviderError {
  override readonly name = 'ProviderUnavailable'
}

/** The request went out and no answer can be had from what came back: it may have happened, or not. */
export class ProviderAnswerLost extends ProviderError {
  override readonly name = 'ProviderAnswerLost'
}

/** A notification that the provider did not send. */
export class ForgedNotification extends Error {
  override readonly name = 'ForgedNotification'
}

/** What a provider tells and nothing can be made of, now or at any later time. */
export class UnusableFact extends Error {
  override readonly name = 'UnusableFact'
}

/** What the caller is told. */
export function problemFrom(error: ProviderError): Problem {
  const { provider, providerCode, message, retryAt, field } = error.failure
  if (error instanceof ProviderLacks) return { code: 'UNSUPPORTED', message }
  const refused = error instanceof ProviderRefused
  const retryable = refused ? error.failure.retryable === true : true
  return {
    code: !refused ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_REFUSED',
    message,
    ...(field && { field }),
    facts: { provider, providerCode, retryable, ...(retryAt && { retryAt: retryAt.toISOString() }) },
  }
}

export function asDomainError(error: unknown): unknown {
  return error instanceof ProviderError ? new DomainError(problemFrom(error)) : error
}

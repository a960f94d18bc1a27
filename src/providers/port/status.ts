import type { CheckoutKind } from '../../db/generated/enums.ts'
import type { FoundCustomer, ProviderPayment, ProviderStatus, Reference, Sighting } from './facts.ts'

/** Asking about a checkout's payment. */
export interface Status {
  /** Undefined while nobody has begun to pay. */
  lookup(checkout: Reference, kind: CheckoutKind): Promise<ProviderStatus | undefined>
  /**
   * What came in for a checkout so far; undefined where the provider shows nothing. Its reference may be that of the
   * checkout, or a name that the payment has of its own.
   */
  payment(checkout: Reference): Promise<ProviderPayment | undefined>
  /** Who began to pay. Absent where the provider does not tell that of a payment which came to nothing. */
  customer?(checkout: Reference, kind: CheckoutKind): Promise<FoundCustomer | undefined>
  /** Everything that came in at the account, the latest first, a page at a time. */
  received?(): AsyncIterable<readonly Sighting[]>
  /** The status now and each change, until it is final or the signal aborts. Absent where the provider has no socket. */
  watch?(checkout: Reference, kind: CheckoutKind, signal: AbortSignal): AsyncIterable<ProviderStatus>
}

import type { ProviderStatus, Reference } from './facts.ts'

/** A notification that proved to be the provider's. */
export interface Notification {
  /** What it is about. */
  readonly checkout?: Reference
  /** What it says, where that can be trusted without asking again. */
  readonly status?: ProviderStatus
  /** The page on which the customer manages what the checkout began. */
  readonly managementUrl?: string
  /** A subscription that it is about instead. */
  readonly subscription?: Reference
  /** A refund that it is about instead. */
  readonly refund?: Reference
}

/** A notification in the parts that its signature covers, as somebody received it. */
export interface SignedNotification {
  readonly rawBody: string
  readonly signature: string
  readonly timestamp: string
}

/** Reads what the provider sends us. */
export interface Notifications {
  /**
   * @returns a key that is the same for a repeat of the same notification
   * @throws ForgedNotification when the signature or the time is wrong
   */
  prove(headers: Headers, rawBody: string, now: Date): string
  /** Checks a signature and nothing else. @throws ForgedNotification when it or the time is wrong */
  verify(signed: SignedNotification, now: Date): void
  /** Undefined when a proven body is about nothing of ours, such as a trial of the address. */
  read(rawBody: string): Notification | undefined
}

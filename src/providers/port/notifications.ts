import type { Fact } from './facts.ts'

/** A notification in the parts that its signature covers, as somebody received it. */
export interface SignedNotification {
  readonly rawBody: string
  readonly signature: string
  /** Absent where the provider sends none. */
  readonly timestamp?: string | undefined
}

/** How a provider is told that its notification is stored: text goes out as it is, anything else as JSON. */
export interface Acknowledgement {
  readonly status: number
  readonly body: string | object
}

/** Reads what the provider sends us. */
export interface Notifications {
  readonly acknowledgement: Acknowledgement
  /**
   * Where the provider signs no time, a repeat is known by its key alone: the inbox keeps each key, and what is sent again
   * under it is acknowledged and not applied.
   * @returns a key that is the same for a repeat of the same notification
   * @throws ForgedNotification when the signature or the time is wrong
   */
  prove(headers: Headers, rawBody: string, now: Date): string
  /** Checks a signature and nothing else. @throws ForgedNotification when it or the time is wrong */
  verify(signed: SignedNotification, now: Date): void
  /**
   * What a proven body tells, in the order in which it is applied; nothing where it is about nothing of ours, such as a
   * trial of the address. What comes about the object of the first fact is applied one after the other.
   */
  read(rawBody: string): readonly Fact[]
}

import type { Reference } from './facts.ts'

export interface WantedCustomer {
  readonly reference: string
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly phone?: string
}

/** Keeps a copy of a customer at the provider. Repeating `create` with the same e-mail gives the same customer. */
export interface Customers {
  create(wanted: WantedCustomer): Promise<Reference>
  update(reference: Reference, wanted: WantedCustomer): Promise<void>
}

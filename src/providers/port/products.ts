import type { Money } from '../../kernel/money.ts'
import type { Reference } from './facts.ts'

export interface WantedProduct {
  /** Ours, unique at the provider too: how a product is found again when an answer was lost. */
  readonly reference: string
  readonly name: string
  readonly description: string
  readonly price: Money
}

/** Keeps a copy of a product at the provider. Repeating `create` with the same reference gives the same product. */
export interface Products {
  create(wanted: WantedProduct): Promise<Reference>
  update(reference: Reference, wanted: WantedProduct): Promise<void>
}

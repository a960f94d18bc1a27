/** What the lines of an export say, as far as the books can be proven from it. */

/** A transaction, or a part of one. */
export interface HeaderLine {
  readonly id: string
  readonly recipe: string
  readonly account: string
  readonly destination?: string
  readonly total: string
  readonly currency: string
  readonly converted?: string
  readonly convertedCurrency?: string
  readonly rate?: string
  /** What rounding left to the exchange, or was taken back of it. */
  readonly rounding?: string
  readonly reference?: string
  /** The hash of its metadata. */
  readonly metadata?: string
}

export interface EntryLine {
  readonly account: string
  readonly number: number
  readonly amount: string
  readonly currency: string
  readonly balanceAfter: string
}

export interface EventLine {
  readonly cursor: number
  readonly type: string
  readonly at: string
  readonly facts: { readonly total?: string }
  readonly transaction: HeaderLine | null
  readonly parts: readonly HeaderLine[]
  readonly entries: readonly EntryLine[]
}

/** What stands as a hash in the event before it. */
export interface MetadataLine {
  /** A transaction, or a part of one. */
  readonly transaction: string
  /** Exactly what is hashed, after the salt. */
  readonly text: string
}

export interface CurrencyLine {
  readonly code: string
  readonly exponent: number
}

export interface AccountLine {
  readonly id: string
  readonly externalId?: string
  readonly type: string
  readonly currency: string
  readonly overdraft: boolean
  readonly overdraftLimit?: string
  readonly balance: string
  readonly held: string
  readonly fraction?: string
  readonly entries: number
}

/** The state that a transaction or a part is in. */
export interface TransactionLine {
  readonly id: string
  readonly state: string
  readonly parent?: string
  readonly total: string
  readonly refunded: string
}

/** Takes down a break. */
export type Note = (kind: string, message: string, transactionId?: string) => void

export function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount)
}

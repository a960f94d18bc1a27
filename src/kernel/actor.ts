import type { Problem } from './errors.ts'

export type Mode = 'TEST' | 'LIVE'

export type Role = 'OWNER' | 'ADMIN' | 'USER'

/** Who acts: a secret key of one tenant, with the role it carries. */
export interface Actor {
  readonly tenantId: string
  readonly organizationId: string
  readonly mode: Mode
  readonly role: Role
  /** The seller or member whose key it is; null for a key of the organization. */
  readonly userId: string | null
  readonly apiKeyId: string
  readonly requestId: string
  /** Whether somebody has to be asked before money moves; left out where that is not known. */
  readonly preflight?: boolean
  /** By how many milliseconds the tenant's clock ran ahead when the request began; left out where that is not known. */
  readonly clockAheadMs?: number
}

/** What holds for every request of a key. */
export interface Terms {
  /** How many requests it may make in a window of fifteen minutes. */
  readonly rateLimit: number
  /** Where the tokens of the tenant's own clients are checked; null when they show none. */
  readonly clientAuthUrl: string | null
}

/** Who asks: a secret key, the holder of one checkout's client secret, or nobody in particular. */
export type Caller =
  | { readonly kind: 'key'; readonly actor: Actor; readonly terms: Terms }
  | { readonly kind: 'checkout'; readonly tenantId: string; readonly checkoutId: string; readonly requestId: string }
  | { readonly kind: 'anonymous'; readonly requestId: string }

/** One mutation as it was asked for. */
export interface Call {
  readonly actor: Actor
  readonly operation: string
  readonly idempotencyKey?: string
  /** SHA-256 of the input without its key: tells a repeat from another request under the same key. */
  readonly requestHash: Uint8Array
}

/** What every verb answers: the UUID of its object, and whether an earlier answer was given again. */
export interface Done {
  readonly id: string
  readonly replayed: boolean
  /** What went wrong although there is an object, such as a checkout that the provider refused to open. */
  readonly problems?: readonly Problem[]
}

/** Whose idempotency keys the actor uses: a seller's own, or the organization's, which stand under the tenant's id. */
export function keyOwnerOf(actor: Actor): string {
  return ownerOf(actor) ?? actor.tenantId
}

/** A `USER` acts for itself: what it makes carries its id, and it sees nothing else. */
export function ownerOf(actor: Actor): string | null {
  return actor.role === 'USER' ? actor.userId : null
}

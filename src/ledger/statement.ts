import type { NewEvent } from '../events/catalogue.ts'
import { eventRow } from '../events/outbox.ts'
import { DomainError, type ErrorCode } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { postings } from '../kernel/metrics.ts'
import { keyReused, refusedBefore } from '../work/idempotency.ts'
import { assertBalanced } from './posting.ts'

/** One call of the SQL function that posts; see ledger_post in the migrations for its promises. */

/** A change of one account by a transaction: of its balance, and of what is held of it. */
export interface Line {
  readonly transactionId: string
  readonly accountId: string
  readonly currency: string
  readonly amount: bigint
  readonly held: bigint
  /** An exact amount in minor units, for an account that keeps fractions; the next line gives or takes whole units of it. */
  readonly rounding?: string
}

/** A transaction's row to insert. */
export interface Header {
  readonly id: string
  readonly type: 'EXTERNAL' | 'INTERNAL'
  readonly state: 'HELD' | 'COMPLETED'
  readonly recipe: string
  readonly accountId: string
  readonly total: bigint
  readonly currency: string
  readonly parentId?: string
  readonly destinationId?: string
  readonly converted?: bigint
  readonly convertedCurrency?: string
  readonly rate?: string
  readonly rounding?: string
  readonly causeKind?: string
  readonly causeId?: string
  readonly referenceId?: string
  readonly metadata?: object
  readonly expiresAt?: Date
}

/** An idempotency key to claim with the posting. */
export interface Key {
  readonly ownerId: string
  readonly operation: string
  readonly key: string
  readonly requestHash: Uint8Array
  readonly subjectId: string
}

/** Everything that one posting writes. */
export interface Prepared {
  readonly headers: readonly Header[]
  readonly lines: readonly Line[]
  readonly key?: Key
  readonly events?: readonly NewEvent[]
  readonly requestId?: string
}

const ARGUMENTS =
  'NULL, $3::int, $4::uuid[], $5::int[], $6::int[], $7::numeric[], $8::numeric[], $9::text[], $10::uuid[], $11::uuid[], $12::jsonb, $13::jsonb, $14::jsonb) AS answers'

/** Posts at a tenant's time that is known. */
export const POST_AT = `SELECT ledger_post($1::uuid, $2::timestamptz, ${ARGUMENTS}`

/** Posts at the system's time, moved to where the tenant's clock stands. */
export const POST_NOW = `SELECT ledger_post($1::uuid, $2::timestamptz + (SELECT clock_ahead_ms FROM tenant WHERE id = $1::uuid) * interval '1 millisecond', ${ARGUMENTS}`

/** The parameters of both for a batch. */
export function parametersOf(tenantId: string, at: Date, batch: readonly Prepared[]): unknown[] {
  const accounts = [...new Set(batch.flatMap(({ lines }) => lines.map((line) => line.accountId)))].sort()
  const places = new Map(accounts.map((id, index) => [id, index + 1]))
  const lines = batch.flatMap((prepared, index) => {
    assertBalanced(prepared.lines)
    return prepared.lines.map((line) => ({ ...line, posting: index + 1 }))
  })
  return [
    tenantId,
    at,
    batch.length,
    accounts,
    lines.map((line) => line.posting),
    lines.map((line) => places.get(line.accountId)),
    lines.map((line) => line.rounding ?? line.amount.toString()),
    lines.map((line) => line.held.toString()),
    lines.map((line) => line.currency),
    lines.map((line) => line.transactionId),
    lines.map(() => newId()),
    json(batch, ({ headers }) => headers.map(headerJson)),
    json(batch, ({ key }) => (key ? [keyJson(key)] : [])),
    json(batch, ({ events = [], requestId }) => events.map((event) => ({ ...eventRow(event), requestId }))),
  ]
}

/** Rows of every posting, each with its posting's place; null when there are none. */
function json(batch: readonly Prepared[], rowsOf: (prepared: Prepared) => readonly object[]): string | null {
  const rows = batch.flatMap((prepared, index) => rowsOf(prepared).map((row) => ({ i: index + 1, ...row })))
  return rows.length === 0 ? null : JSON.stringify(rows)
}

function headerJson(header: Header): object {
  return { ...header, total: header.total.toString(), converted: header.converted?.toString() }
}

function keyJson({ ownerId, operation, key, requestHash, subjectId }: Key): object {
  const hash = Buffer.from(requestHash).toString('hex')
  return { id: newId(), owner: ownerId, operation, key, hash, subject: subjectId }
}

/** What became of a posting that was not refused. */
export type Outcome =
  | { readonly state: 'posted'; readonly at?: Date }
  | { readonly state: 'already_posted' }
  | { readonly state: 'replayed'; readonly id: string }

/**
 * Reads an answer of ledger_post, and the moment that comes after them all.
 * @throws DomainError ACCOUNT_FROZEN, INSUFFICIENT_FUNDS, OVERDRAFT_LIMIT_EXCEEDED, OUT_OF_RANGE, NOT_FOUND,
 * CURRENCY_MISMATCH or IDEMPOTENCY_KEY_REUSED, and RefusedBefore with what the key's first posting was refused for
 */
export function outcomeFrom(answer: string, currencyOf: (accountId: string) => string, moment?: string): Outcome {
  const [state, id = '', available = '0'] = answer.split(' ')
  postings.inc({ outcome: state })
  switch (state) {
    case 'posted':
      return { state, ...(moment !== undefined && { at: new Date(Number(moment)) }) }
    case 'already_posted':
      return { state }
    case 'replayed':
      return { state, id }
    case 'key_reused':
      throw keyReused()
    case 'refused':
      throw refusedBefore(answer.slice(state.length + 1))
    case 'account_frozen':
      throw refusal('ACCOUNT_FROZEN', 'The account is frozen', id)
    case 'account_not_found':
      throw refusal('NOT_FOUND', 'Account not found', id)
    case 'currency_mismatch':
      throw refusal('CURRENCY_MISMATCH', 'The account has a different currency', id)
    case 'balance_too_large':
      throw refusal('OUT_OF_RANGE', 'The balance of the account would be too large', id)
    case 'insufficient_funds':
      throw refusal('INSUFFICIENT_FUNDS', 'The available balance of the account is too low', id, {
        available: { minor: BigInt(available), currency: currencyOf(id) },
      })
    case 'overdraft_limit_exceeded':
      throw refusal('OVERDRAFT_LIMIT_EXCEEDED', 'The account would fall below its overdraft limit', id, {
        available: { minor: BigInt(available), currency: currencyOf(id) },
      })
    default:
      throw new Error(`the posting was answered ${answer}`)
  }
}

type LackOfFunds = 'INSUFFICIENT_FUNDS' | 'OVERDRAFT_LIMIT_EXCEEDED'

function refusal(
  code: Extract<ErrorCode, 'ACCOUNT_FROZEN' | 'NOT_FOUND' | 'CURRENCY_MISMATCH' | 'OUT_OF_RANGE' | LackOfFunds>,
  message: string,
  accountId: string,
  facts: object = {},
) {
  return new DomainError({ code, message, facts: { account: encodeId('Account', accountId), ...facts } })
}

import type { LedgerTransactionRow } from '../db/rows.ts'
import { type Call, type Done, keyOwnerOf } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { assertKey } from '../work/idempotency.ts'
import { worldOf } from './account.ts'
import { postedEvent } from './journal.ts'
import { type Planning, readAmount } from './planning.ts'
import type { PostingQueue } from './queue.ts'
import type { Header, Key, Line } from './statement.ts'
import { assertTotals, CreateTransaction, FundAccount, headersOf, linesOf, type Transfer } from './transfer.ts'

/** A posting that has just been made answers with its row, so that nobody has to read it again. */
interface Posted extends Done {
  readonly row?: LedgerTransactionRow
}

interface Deps {
  readonly plan: Planning
  readonly queue: PostingQueue
}

/** Payments between accounts in one step. */
export function transactionService({ plan, queue }: Deps) {
  async function put(call: Call, headers: readonly [Header, ...Header[]], lines: readonly Line[]): Promise<Posted> {
    const [{ id }] = headers
    const key = keyOf(call, id)
    const events = [postedEvent(headers[0], lines)]
    const { tenantId, requestId } = call.actor
    const outcome = await queue.post(tenantId, { headers, lines, events, requestId, ...(key && { key }) })
    if (outcome.state === 'replayed') return { id: outcome.id, replayed: outcome.id !== id }
    const at = outcome.state === 'posted' ? outcome.at : undefined
    return { id, replayed: false, ...(at && { row: rowOf(tenantId, headers[0], at) }) }
  }

  return {
    /**
     * Pays one or many accounts from one, at once, all or nothing.
     * @throws DomainError TOTALS_MISMATCH, INSUFFICIENT_FUNDS, OVERDRAFT_LIMIT_EXCEEDED, ACCOUNT_FROZEN,
     * CURRENCY_MISMATCH, RATE_MISSING, AMOUNT_TOO_SMALL
     */
    async create(call: Call, input: unknown): Promise<Posted> {
      const wanted = validate(CreateTransaction, input)
      const { tenantId } = call.actor
      const { accountId, metadata } = wanted
      const currency = await plan.payer(tenantId, accountId)
      const total = readAmount(wanted.total, currency, ['total'])
      const charges = await plan.charges(tenantId, accountId, currency, wanted.charges)
      assertTotals(total, charges, currency)
      const transfer: Transfer = { id: newId(), accountId, currency, total, charges, metadata }
      const [whole, ...parts] = headersOf(transfer, 'COMPLETED', { recipe: 'transfer' })
      return put(call, [whole as Header, ...parts], linesOf(transfer))
    },

    /** Puts money into an account from the world outside, so that the books still balance. */
    async fund(call: Call, input: unknown): Promise<Posted> {
      const wanted = validate(FundAccount, input)
      const { tenantId } = call.actor
      const currency = await plan.payer(tenantId, wanted.accountId)
      const total = readAmount(wanted.total, currency, ['total'])
      const world = await plan.systemAccount(tenantId, worldOf(currency))
      if (world === wanted.accountId) {
        const message = 'The account world:<currency> cannot be funded'
        throw new DomainError({ code: 'INVALID', message, field: ['accountId'] })
      }
      const charges = [{ destinationId: wanted.accountId, subtotal: total }]
      const transfer: Transfer = { id: newId(), accountId: world, currency, total, charges, metadata: wanted.metadata }
      const [whole, ...parts] = headersOf(transfer, 'COMPLETED', { recipe: 'funding' })
      return put(call, [whole as Header, ...parts], linesOf(transfer))
    },
  }
}

/** What a transfer in one step has none of. */
const NONE = {
  parentId: null,
  destinationId: null,
  converted: null,
  convertedCurrency: null,
  rate: null,
  rounding: null,
  causeKind: null,
  causeId: null,
  referenceId: null,
  expiresAt: null,
} as const

function rowOf(tenantId: string, whole: Header, at: Date): LedgerTransactionRow {
  const { id, type, state, recipe, accountId, total, currency, metadata = {} } = whole
  const facts = { tenantId, id, type, state, recipe, accountId, total, currency, metadata: metadata as Metadata }
  return { ...NONE, ...facts, refunded: 0n, createdAt: at, completedAt: at }
}

type Metadata = LedgerTransactionRow['metadata']

function keyOf(call: Call, subjectId: string): Key | undefined {
  const { actor, idempotencyKey: key, operation, requestHash } = call
  if (key === undefined) return undefined
  assertKey(key)
  return { ownerId: keyOwnerOf(actor), operation, key, requestHash, subjectId }
}

import type { Transaction } from '../db/database.ts'
import type { AccountKind } from '../db/generated/enums.ts'
import type { Change, Emit } from '../events/outbox.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import type { AccountSpec } from './account.ts'
import { assertBalanced, type Posting } from './posting.ts'

/** The only writer of the books. */

interface Line {
  readonly accountId: string
  readonly amount: bigint
  readonly currency: string
}

interface Header {
  readonly recipe: string
  readonly type: 'EXTERNAL' | 'INTERNAL'
  readonly accountId: string
  readonly total: bigint
  readonly currency: string
  readonly causeKind: string
  readonly causeId: string
  readonly referenceId: string | null
}

/**
 * Posts a recipe; a cause that was posted already is left as it is, so that a settlement is posted once.
 * @returns the transaction's id, or undefined when the cause had its posting.
 * @throws DomainError ACCOUNT_FROZEN or INSUFFICIENT_FUNDS
 */
export async function post(tx: Transaction, change: Change, emit: Emit, entry: Posting): Promise<string | undefined> {
  const ids = await openAccounts(
    tx,
    change,
    emit,
    entry.legs.map((leg) => leg.account),
  )
  const lines = entry.legs.map((leg) => ({
    accountId: ids.get(leg.account.externalId) as string,
    amount: leg.amount,
    currency: leg.account.currency.code,
  }))
  const [source] = entry.legs
  return insert(tx, change, emit, lines, {
    recipe: entry.recipe,
    type: 'EXTERNAL',
    accountId: ids.get(source.account.externalId) as string,
    total: source.amount < 0n ? -source.amount : source.amount,
    currency: source.account.currency.code,
    causeKind: entry.cause.kind,
    causeId: entry.cause.id,
    referenceId: null,
  })
}

/**
 * Posts the mirror of a transaction, once: everything goes back where it came from.
 * @returns the mirror's id, or undefined when the transaction was reversed already.
 */
export async function reverse(
  tx: Transaction,
  change: Change,
  emit: Emit,
  transactionId: string,
): Promise<string | undefined> {
  const where = { tenantId: change.tenantId, id: transactionId }
  const original = await tx.ledgerTransaction.findUniqueOrThrow({
    where: { tenantId_id: where },
    include: { entries: true },
  })
  const lines = original.entries.map(({ accountId, amount, currency }) => ({
    accountId,
    amount: -exact(amount),
    currency,
  }))
  const id = await insert(tx, change, emit, lines, {
    recipe: 'reversal',
    type: 'INTERNAL',
    accountId: original.accountId,
    total: exact(original.total),
    currency: original.currency,
    causeKind: 'LedgerTransaction',
    causeId: original.id,
    referenceId: original.id,
  })
  if (id) await tx.ledgerTransaction.update({ where: { tenantId_id: where }, data: { state: 'ROLLED_BACK' } })
  return id
}

async function insert(
  tx: Transaction,
  change: Change,
  emit: Emit,
  lines: readonly Line[],
  header: Header,
): Promise<string | undefined> {
  assertBalanced(lines)
  const id = newId()
  const [row] = await tx.$queryRaw<{ answer: string }[]>`
    SELECT ledger_post(
      ${change.tenantId}::uuid, ${id}::uuid, ${header.type}::"LedgerTransactionType", ${header.recipe}, ${header.accountId}::uuid,
      ${header.total.toString()}::numeric, ${header.currency}, ${header.causeKind}, ${header.causeId}::uuid,
      ${header.referenceId}::uuid, '{}'::jsonb, ${change.at},
      ${lines.map(() => newId())}::uuid[], ${lines.map((line) => line.accountId)}::uuid[],
      ${lines.map((line) => line.amount.toString())}::numeric[]) AS answer`
  const answer = row?.answer
  if (answer === 'already_posted') return undefined
  if (answer !== 'posted') throw refusal(answer ?? 'no answer', header.currency)
  emit({
    type: 'ledger.transaction_posted',
    entityKind: 'LedgerTransaction',
    entityId: id,
    object: {
      id: encodeId('LedgerTransaction', id),
      recipe: header.recipe,
      total: header.total.toString(),
      currency: header.currency,
      entries: lines.map((line) => ({ account: encodeId('Account', line.accountId), amount: line.amount.toString() })),
    },
  })
  return id
}

async function openAccounts(
  tx: Transaction,
  change: Change,
  emit: Emit,
  specs: readonly AccountSpec[],
): Promise<Map<string, string>> {
  const unique = [...new Map(specs.map((spec) => [spec.externalId, spec])).values()]
  const rows = await tx.$queryRaw<{ external_id: string; id: string; opened: boolean }[]>`
    SELECT * FROM ledger_open_accounts(
      ${change.tenantId}::uuid, ${unique.map(() => newId())}::uuid[], ${unique.map((spec) => spec.externalId)}::text[],
      ${unique.map((spec) => spec.name)}::text[], ${unique.map((spec): AccountKind => spec.kind)}::"AccountKind"[],
      ${unique.map((spec) => spec.currency.code)}::text[], ${unique.map((spec) => spec.overdraft)}::boolean[], ${change.at})`
  for (const row of rows) {
    if (!row.opened) continue
    const object = { id: encodeId('Account', row.id), externalId: row.external_id }
    emit({ type: 'account.created', entityKind: 'Account', entityId: row.id, object })
  }
  return new Map(rows.map((row) => [row.external_id, row.id]))
}

function refusal(answer: string, currency: string): DomainError {
  const [reason, accountId, available] = answer.split(' ')
  const account = accountId ? encodeId('Account', accountId) : undefined
  if (reason === 'account_frozen') {
    return new DomainError({ code: 'ACCOUNT_FROZEN', message: 'The account is frozen', facts: { account } })
  }
  if (reason === 'insufficient_funds') {
    return new DomainError({
      code: 'INSUFFICIENT_FUNDS',
      message: 'The account has not enough available',
      facts: { account, available: { minor: BigInt(available ?? 0), currency } },
    })
  }
  throw new Error(`the posting was refused: ${answer}`)
}

/** Rows that come with a relation are not passed through the client's conversion of amounts. */
function exact(amount: { toString(): string } | bigint): bigint {
  return BigInt(amount.toString())
}

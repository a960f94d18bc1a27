import type { LedgerTransactionRow } from '../db/rows.ts'
import { newId } from '../kernel/id.ts'
import type { Work } from '../work/work.ts'
import { takenBack } from './conversion.ts'
import { bookedEvent, postPrepared } from './journal.ts'
import type { Header, Line } from './statement.ts'
import { type ExchangeAccounts, exchangeLines } from './transfer.ts'

/** The mirror of a transaction: everything goes back where it came from. */

interface Options {
  readonly id?: string
  readonly metadata?: object
  /** The accounts of the transaction's conversions, by the currency that was converted to. */
  readonly accounts?: ReadonlyMap<string, ExchangeAccounts>
}

/**
 * Posts the mirror of a transaction, once.
 * @returns the mirror's id, or undefined when the transaction was reversed already.
 */
export async function reverse(
  work: Work,
  transactionId: string,
  { id = newId(), metadata = {}, accounts = new Map() }: Options = {},
): Promise<string | undefined> {
  const { tenantId } = work
  const whole = await work.tx.ledgerTransaction.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: transactionId } },
  })
  const parts = await work.tx.ledgerTransaction.findMany({ where: { tenantId, parentId: transactionId } })
  const entries = await work.tx.entry.findMany({ where: { tenantId, transactionId }, orderBy: { id: 'asc' } })
  const header: Header = {
    id,
    type: 'INTERNAL',
    state: 'COMPLETED',
    recipe: 'rollback',
    accountId: whole.accountId,
    total: whole.total,
    currency: whole.currency,
    causeKind: 'LedgerTransaction',
    causeId: whole.id,
    referenceId: whole.id,
    metadata,
  }
  const gains = new Set([...accounts.values()].map(({ roundingGains }) => roundingGains))
  const lines: Line[] = entries
    .filter(({ accountId }) => !gains.has(accountId))
    .map(({ accountId, currency, amount }) => ({ transactionId: id, accountId, currency, amount: -amount, held: 0n }))
  lines.push(...[...accounts.values()].flatMap((of) => roundingBack(id, of, parts, entries)))
  const { state } = await postPrepared(work, { headers: [header], lines })
  if (state !== 'posted') return undefined
  await work.tx.ledgerTransaction.updateMany({
    where: { tenantId, OR: [{ id: whole.id }, { parentId: whole.id }] },
    data: { state: 'ROLLED_BACK' },
  })
  work.emit(await bookedEvent(work, header))
  return id
}

/** Takes back what rounding left, fractions included; the whole units that came of it go back to the exchange. */
function roundingBack(
  transactionId: string,
  accounts: ExchangeAccounts,
  parts: readonly LedgerTransactionRow[],
  entries: readonly { accountId: string; amount: bigint }[],
): Line[] {
  const converted = parts.filter(({ convertedCurrency }) => convertedCurrency === accounts.to.code)
  const rounding = takenBack(converted.flatMap((part) => part.rounding ?? []))
  const booked = entries
    .filter(({ accountId }) => accountId === accounts.roundingGains)
    .reduce((sum, { amount }) => sum + amount, 0n)
  return exchangeLines(transactionId, accounts, -booked, rounding)
}

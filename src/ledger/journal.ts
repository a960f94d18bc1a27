import type { AccountKind } from '../db/generated/enums.ts'
import { encodeId, newId } from '../kernel/id.ts'
import type { Work } from '../work/work.ts'
import { type AccountSpec, accountObject } from './account.ts'
import type { Posting } from './posting.ts'
import { type Header, type Line, type Outcome, outcomeFrom, POST_AT, type Prepared, parametersOf } from './statement.ts'

/** The writer of the books inside a transaction that changes more than them. */

/** The merchant's own numbers of what a posting is made for, by which it is found among the books. */
export interface References {
  /** That of the sale, such as the number of the order. */
  readonly reference: string | null
  readonly refundReference?: string | null
}

/**
 * Posts a recipe; a cause that was posted already is left as it is, so that a settlement is posted once.
 * @returns the transaction's id, or undefined when the cause had its posting.
 * @throws DomainError ACCOUNT_FROZEN or INSUFFICIENT_FUNDS
 */
export async function post(
  work: Work,
  entry: Posting,
  references: References = { reference: null },
): Promise<string | undefined> {
  const accounts = await openAccounts(
    work,
    entry.legs.map((leg) => leg.account),
  )
  const idOf = (account: AccountSpec) => accounts.get(account.externalId) as string
  const id = newId()
  const [source] = entry.legs
  const header: Header = {
    id,
    type: 'EXTERNAL',
    state: 'COMPLETED',
    recipe: entry.recipe,
    accountId: idOf(source.account),
    total: source.amount < 0n ? -source.amount : source.amount,
    currency: source.account.currency.code,
    causeKind: entry.cause.kind,
    causeId: entry.cause.id,
    metadata: metadataOf(references),
  }
  const lines = entry.legs.map(({ account, amount }) => ({
    transactionId: id,
    accountId: idOf(account),
    currency: account.currency.code,
    amount,
    held: 0n,
  }))
  return (await write(work, header, lines)) ? id : undefined
}

function metadataOf({ reference, refundReference }: References): object {
  return { ...(reference && { reference }), ...(refundReference && { refundReference }) }
}

async function write(work: Work, header: Header, lines: readonly Line[]): Promise<boolean> {
  const { state } = await postPrepared(work, { headers: [header], lines })
  if (state !== 'posted') return false
  work.emit(postedEvent(header, lines))
  return true
}

/** Posts within a transaction; its events are the caller's to emit. */
export async function postPrepared(work: Work, prepared: Prepared): Promise<Outcome> {
  const parameters = parametersOf(work.tenantId, work.at, [prepared])
  const [row] = await work.tx.$queryRawUnsafe<{ answers: string[] }[]>(POST_AT, ...parameters)
  return outcomeFrom(row?.answers[0] ?? '', currencyIn(prepared))
}

/**
 * The event of a posting over conversions, as it was booked: what rounding leaves makes whole units together with what
 * was there before.
 */
export async function bookedEvent({ tx, tenantId }: Work, header: Header) {
  const where = { tenantId, transactionId: header.id }
  return postedEvent(header, await tx.entry.findMany({ where, orderBy: { id: 'asc' } }))
}

/** The currency of an account, as the lines of a posting say it. */
export function currencyIn({ lines }: Prepared): (accountId: string) => string {
  return (accountId) => lines.find((line) => line.accountId === accountId)?.currency ?? ''
}

export function postedEvent(
  { id, recipe, total, currency }: Header,
  lines: readonly Pick<Line, 'accountId' | 'amount'>[],
) {
  return {
    type: 'ledger.transaction_posted',
    entityKind: 'LedgerTransaction',
    entityId: id,
    object: {
      id: encodeId('LedgerTransaction', id),
      recipe,
      total: total.toString(),
      currency,
      entries: lines.map(({ accountId, amount }) => ({
        account: encodeId('Account', accountId),
        amount: amount.toString(),
      })),
    },
  } as const
}

/** The ids of the accounts that recipes need, by external id; those that are missing are opened. */
export async function openAccounts(work: Work, specs: readonly AccountSpec[]): Promise<Map<string, string>> {
  const specOf = new Map(specs.map((spec) => [spec.externalId, spec]))
  const unique = [...specOf.values()]
  const rows = await work.tx.$queryRaw<{ external_id: string; id: string; opened: boolean }[]>`
    SELECT * FROM ledger_open_accounts(
      ${work.tenantId}::uuid, ${unique.map(() => newId())}::uuid[], ${unique.map((spec) => spec.externalId)}::text[],
      ${unique.map((spec) => spec.name)}::text[], ${unique.map((spec): AccountKind => spec.kind)}::"AccountKind"[],
      ${unique.map((spec) => spec.currency.code)}::text[], ${unique.map((spec) => spec.overdraft)}::boolean[], ${work.at})`
  for (const row of rows) {
    const spec = specOf.get(row.external_id)
    if (!row.opened || !spec) continue
    const { externalId, name, kind, overdraft, currency } = spec
    const opened = { id: row.id, externalId, name, kind, overdraft, currency: currency.code }
    const object = accountObject({ ...opened, overdraftLimit: null, frozen: false, metadata: {} })
    work.emit({ type: 'account.created', entityKind: 'Account', entityId: row.id, object })
  }
  return new Map(rows.map((row) => [row.external_id, row.id]))
}

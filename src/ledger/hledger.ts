import type { Database } from '../db/database.ts'
import { onSnapshot, type ReadPages } from '../db/snapshot.ts'
import { encodeId } from '../kernel/id.ts'
import { formatDecimal } from '../kernel/money.ts'
import type { AccountLine, EventLine } from './audit/lines.ts'
import { accountLines, type Books, currenciesOf, eventLines } from './export.ts'

/**
 * The books of a tenant as a journal in plain text, which hledger and its kin read: a transaction for each posting, and
 * at the end an assertion of every balance. It is ASCII, so that it can be read in any locale.
 */
export async function* exportJournal(db: Database, books: Books): AsyncGenerator<string> {
  yield* onSnapshot(db, (read) => journal(read, books))
}

const LABEL_LENGTH = 40

interface Named {
  readonly name: string
  readonly account: AccountLine
}

async function* journal(read: ReadPages, { tenantId, mode, at }: Books): AsyncGenerator<string> {
  const exponents = new Map<string, number>()
  yield `; Tollgate, ${mode} books of tenant ${tenantId}, ${at.toISOString()}\n\ndecimal-mark .\n\n`
  for (const { code, exponent } of await currenciesOf(read, tenantId)) {
    exponents.set(code, exponent)
    yield `commodity 1000.${'0'.repeat(exponent)} ${symbol(code)}\n`
  }
  yield '\n'

  const accounts = new Map<string, Named>()
  for await (const lines of accountLines(read, tenantId)) {
    for (const line of lines) {
      const account: AccountLine = JSON.parse(line)
      accounts.set(account.id, { account, name: nameOf(account) })
    }
  }
  const nameAt = (id: string) => accounts.get(id)?.name ?? `unknown:${encodeId('Account', id)}`
  const amount = (minor: string, code: string) =>
    `${formatDecimal(BigInt(minor), exponents.get(code) ?? 0)} ${symbol(code)}`
  yield `${[...accounts.values()].map(({ name }) => `account ${name}\n`).join('')}\n`

  let lastDay = day(at.toISOString())
  for await (const lines of eventLines(read, tenantId)) {
    const events = lines.map((line): EventLine => JSON.parse(line)).filter(({ entries }) => entries.length > 0)
    for (const { at: moment } of events) if (day(moment) > lastDay) lastDay = day(moment)
    yield events.map((event) => posting(event, nameAt, amount)).join('')
  }
  const balances = [...accounts.values()].map(({ name, account: { balance, currency } }) =>
    row(name, `${amount('0', currency)} = ${amount(balance, currency)}`),
  )
  if (balances.length > 0) yield `${lastDay} balances\n${balances.join('')}`
}

function posting(
  { at, transaction, entries }: EventLine,
  nameAt: (id: string) => string,
  amount: (minor: string, code: string) => string,
): string {
  const id = transaction ? encodeId('LedgerTransaction', transaction.id) : ''
  const rows = entries.map((entry) => row(nameAt(entry.account), amount(entry.amount, entry.currency)))
  return `${day(at)} * (${id}) ${ascii(transaction?.recipe ?? '')}  ; ${at}Z\n${rows.join('')}\n`
}

/** Two blanks end an account's name. */
function row(account: string, amount: string): string {
  return `    ${account}  ${amount}\n`
}

/** The id tells accounts apart; the external id before it is for people. */
function nameOf({ id, externalId = '', type }: AccountLine): string {
  const label = ascii(externalId).slice(0, LABEL_LENGTH)
  return `${type.toLowerCase()}:${label === '' ? '' : `${label} `}${encodeId('Account', id)}`
}

function ascii(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '')
}

/** A symbol with anything but letters in it stands in quotes. */
function symbol(code: string): string {
  return /^[A-Z]+$/.test(code) ? code : `"${code}"`
}

function day(moment: string): string {
  return moment.slice(0, 10)
}

import { bound } from '../../kernel/bound.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { ROUNDING_DIGITS } from '../conversion.ts'
import { roundingOf } from './charges.ts'
import { type AccountLine, add, type EntryLine, type EventLine, type Note } from './lines.ts'

interface Balance {
  readonly account: AccountLine
  amount: bigint
  entries: number
}

/** The accounts that conversions run over, by the beginning of their external id. */
const EXCHANGE = ['exchange', 'rounding-gains']
const ONE = 10n ** BigInt(ROUNDING_DIGITS)

/** The accounts of an export, with what has been posted to them. */
interface Accounts {
  readonly note: Note
  readonly balances: Map<string, Balance>
  /** The sum of all entries in each currency. */
  readonly sums: Map<string, bigint>
  readonly roundings: Map<string, bigint>
}

export type AccountAudit = ReturnType<typeof accountAudit>

/** The accounts of an export, to which every entry is posted again. */
export function accountAudit(note: Note) {
  const accounts: Accounts = { note, balances: new Map(), sums: new Map(), roundings: new Map() }
  return bound(accounts, {
    open: openAccount,
    isExchange: isExchangeAccount,
    round: addRounding,
    post: postEvent,
    finish: finishAccounts,
  })
}

function openAccount({ balances }: Accounts, account: AccountLine): void {
  balances.set(account.id, { account, amount: 0n, entries: 0 })
}

/** Whether conversions run over the account, on which nobody's charge is told from another's. */
function isExchangeAccount({ balances }: Accounts, id: string): boolean {
  const account = balances.get(id)?.account
  return account !== undefined && EXCHANGE.some((name) => account.externalId === `${name}:${account.currency}`)
}

/** Adds what rounding left of a conversion to a currency, in units of 10^-42 minor units. */
function addRounding({ roundings }: Accounts, currency: string, rounding: bigint): void {
  add(roundings, currency, rounding)
}

/** Posts the entries of an event. Answers what each account has gained. */
function postEvent(accounts: Accounts, { cursor, entries, transaction }: EventLine): Map<string, bigint> {
  const gains = new Map<string, bigint>()
  const inCurrency = new Map<string, bigint>()
  for (const entry of entries) {
    const amount = BigInt(entry.amount)
    add(gains, entry.account, amount)
    add(inCurrency, entry.currency, amount)
    add(accounts.sums, entry.currency, amount)
    postEntry(accounts, entry, cursor)
  }
  for (const [currency, sum] of inCurrency) {
    const message = `the entries of event ${cursor} in ${currency} sum to ${sum}`
    if (sum !== 0n) accounts.note('transaction_out_of_balance', message, transaction?.id)
  }
  return gains
}

function postEntry({ note, balances }: Accounts, entry: EntryLine, cursor: number): void {
  const { account: id, number, amount, currency, balanceAfter } = entry
  const balance = balances.get(id)
  if (!balance) {
    note('account_missing', `event ${cursor} posts to account ${id}, which does not exist`)
    return
  }
  balance.amount += BigInt(amount)
  balance.entries += 1
  const agrees = number === balance.entries && BigInt(balanceAfter) === balance.amount
  if (agrees && currency === balance.account.currency) return
  const said = `entry ${number} of account ${id} in event ${cursor} leaves ${balanceAfter} ${currency}`
  note('running_balance_differs', `${said}, but it is entry ${balance.entries} and leaves ${balance.amount}`)
  // What comes after is judged by what the entry itself says, so that one break is not found a thousand times.
  balance.entries = number
  balance.amount = BigInt(balanceAfter)
}

/** Compares what the accounts are said to have with what has been posted, and with what is held of them. */
function finishAccounts(accounts: Accounts, held: ReadonlyMap<string, bigint>): void {
  const { note, balances, sums } = accounts
  for (const [id, balance] of balances) {
    checkBalance(note, balance, held.get(id) ?? 0n)
    checkFraction(accounts, balance)
  }
  for (const [currency, sum] of sums) {
    if (sum !== 0n) note('currency_out_of_balance', `all entries in ${currency} sum to ${sum}`)
  }
}

function checkBalance(note: Note, { account, amount, entries }: Balance, held: bigint): void {
  const { id, overdraft, overdraftLimit } = account
  const said = `account ${id} has a balance of ${account.balance}, ${account.held} held and ${account.entries} entries`
  if (BigInt(account.balance) !== amount || BigInt(account.held) !== held || account.entries !== entries) {
    note('balance_differs', `${said}, but its entries and holds come to ${amount}, ${held} and ${entries}`)
  }
  const lowest = overdraft ? overdraftLimit : '0'
  if (lowest !== undefined && amount - held < -BigInt(lowest)) note('overdrawn', `${said}, and may not be overdrawn`)
}

function checkFraction({ note, roundings }: Accounts, { account }: Balance): void {
  const { id, externalId, currency, fraction = '0' } = account
  const sum = externalId === `rounding-gains:${currency}` ? (roundings.get(currency) ?? 0n) : 0n
  const expected = ((sum % ONE) + ONE) % ONE
  if (roundingOf(fraction) === expected) return
  const said = `account ${id} has a fraction of ${fraction}`
  note('rounding_differs', `${said}, but its roundings leave ${formatDecimal(expected, ROUNDING_DIGITS)}`)
}

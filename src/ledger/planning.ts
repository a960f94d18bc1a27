import type { Database } from '../db/database.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, notFound, type Problem } from '../kernel/errors.ts'
import { type MoneyText, minorAboveZero } from '../kernel/input.ts'
import { type Recent, recent } from '../kernel/recent.ts'
import { type Change, transact } from '../work/work.ts'
import { type AccountSpec, exchangeOf, roundingGainsOf } from './account.ts'
import { convert } from './conversion.ts'
import type { Currencies } from './currencies.ts'
import { openAccounts } from './journal.ts'
import { type Charge, type Conversion, type ExchangeAccounts, unknownAccount } from './transfer.ts'

/** What a request means in the tenant's accounts and currencies, before anything is posted. */

/** Some hundred bytes each. */
const ACCOUNTS_REMEMBERED = 100_000

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
  readonly currencies: Currencies
}

/** Neither an account's currency nor the accounts that conversions run over ever change: what was found is kept. */
interface Deps extends Parts {
  /** The currency code of an account, by its tenant and id. */
  readonly currencyCodes: Recent<string>
  /** The id of an account of the books, by its tenant and external id. */
  readonly systemAccounts: Recent<string>
}

export type Planning = ReturnType<typeof planning>

interface WantedCharge {
  readonly destinationId: string
  readonly subtotal: MoneyText
  readonly metadata?: object | undefined
}

export function planning(parts: Parts) {
  const deps: Deps = {
    ...parts,
    currencyCodes: recent(ACCOUNTS_REMEMBERED),
    systemAccounts: recent(ACCOUNTS_REMEMBERED),
  }
  return bound(deps, { systemAccount, exchangeAccounts, payer: payerCurrency, charges: planCharges })
}

/** The currency of the account that pays. @throws DomainError NOT_FOUND */
async function payerCurrency(deps: Deps, tenantId: string, accountId: string): Promise<Currency> {
  const code = (await currencyCodesOf(deps, tenantId, [accountId])).get(accountId)
  if (code === undefined) throw notFound('Account', ['accountId'])
  return deps.currencies.known(tenantId, code)
}

/** Charges in the payer's currency, with the rate of the moment for destinations of another one. */
async function planCharges(
  deps: Deps,
  tenantId: string,
  accountId: string,
  currency: Currency,
  wanted: readonly WantedCharge[],
): Promise<Charge[]> {
  const ids = wanted.map(({ destinationId }) => destinationId)
  const codes = await currencyCodesOf(deps, tenantId, ids)
  refuseAll(wanted.flatMap(({ destinationId }, index) => destinationProblems(destinationId, accountId, codes, index)))
  const charges: Charge[] = []
  for (const [index, { destinationId, subtotal, metadata }] of wanted.entries()) {
    const field = ['charges', String(index)]
    const minor = readAmount(subtotal, currency, [...field, 'subtotal'])
    const charge = { destinationId, subtotal: minor, metadata }
    const code = codes.get(destinationId) ?? currency.code
    if (code === currency.code) {
      charges.push(charge)
      continue
    }
    const to = await deps.currencies.known(tenantId, code)
    charges.push({ ...charge, conversion: await conversionOf(deps, tenantId, currency, to, minor, field) })
  }
  return charges
}

async function conversionOf(
  deps: Deps,
  tenantId: string,
  from: Currency,
  to: Currency,
  subtotal: bigint,
  field: readonly string[],
): Promise<Conversion> {
  const rate = await deps.currencies.rate(tenantId, from.code, to.code)
  if (rate === undefined) {
    const message = `no exchange rate from ${from.code} to ${to.code} is set`
    throw new DomainError({ code: 'RATE_MISSING', message, field: [...field, 'destinationId'] })
  }
  const converted = convert(subtotal, { from, to, rate }, [...field, 'subtotal', 'amount'])
  return { rate, ...converted, ...(await exchangeAccounts(deps, tenantId, from, to)) }
}

/** The accounts that conversions from one currency to another run over. */
async function exchangeAccounts(deps: Deps, tenantId: string, from: Currency, to: Currency): Promise<ExchangeAccounts> {
  const specs = [exchangeOf(from), exchangeOf(to), roundingGainsOf(to)]
  const [exchangeFrom = '', exchangeTo = '', roundingGains = ''] = await Promise.all(
    specs.map((spec) => systemAccount(deps, tenantId, spec)),
  )
  return { to, exchangeFrom, exchangeTo, roundingGains }
}

/** The id of an account that the books need for themselves, opened at its first use. */
async function systemAccount(deps: Deps, tenantId: string, spec: AccountSpec): Promise<string> {
  const { db, clocks, systemAccounts } = deps
  const key = `${tenantId} ${spec.externalId}`
  const known = systemAccounts.get(key)
  if (known !== undefined) return known
  const change: Change = { tenantId, at: await clocks.now(tenantId) }
  const opened = await transact(db, change, (work) => openAccounts(work, [spec]))
  const id = opened.get(spec.externalId)
  if (id === undefined) throw new Error(`account ${spec.externalId} was not opened`)
  systemAccounts.set(key, id)
  return id
}

/** The currency code of each account; accounts that are not there are left out. */
async function currencyCodesOf(deps: Deps, tenantId: string, accountIds: readonly string[]) {
  const { db, currencyCodes } = deps
  const found = new Map<string, string>()
  for (const id of accountIds) {
    const code = currencyCodes.get(`${tenantId} ${id}`)
    if (code !== undefined) found.set(id, code)
  }
  const missing = [...new Set(accountIds)].filter((id) => !found.has(id))
  if (missing.length === 0) return found
  const rows = await db.query<{ id: string; currency: string }>(
    'ledger.currencies',
    'SELECT id, currency FROM account WHERE tenant_id = $1 AND id = ANY ($2::uuid[])',
    [tenantId, missing],
  )
  for (const { id, currency } of rows) {
    currencyCodes.set(`${tenantId} ${id}`, currency)
    found.set(id, currency)
  }
  return found
}

function destinationProblems(id: string, source: string, codes: Map<string, string>, index: number): Problem[] {
  const field = ['charges', String(index), 'destinationId']
  if (id === source) return [{ code: 'INVALID', message: 'an account cannot pay itself', field }]
  return codes.has(id) ? [] : [unknownAccount(field)]
}

function refuseAll([first, ...rest]: readonly Problem[]): void {
  if (first) throw new DomainError(first, ...rest)
}

/** An amount above zero in a currency that is known. @throws DomainError naming the amount or the currency */
export function readAmount(
  { amount, currency: code }: MoneyText,
  currency: Currency,
  field: readonly string[],
): bigint {
  if (code !== currency.code) {
    const message = `must be in ${currency.code}, the currency of the account`
    throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: [...field, 'currency'] })
  }
  const minor = minorAboveZero(amount, currency)
  if (typeof minor === 'bigint') return minor
  throw new DomainError({ ...minor, field: [...field, 'amount'] })
}

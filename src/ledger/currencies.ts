import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { type Currency, findCurrency } from '../kernel/currency.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { decimalRule, line, optional, refuse, text } from '../kernel/input.ts'
import { parseDecimal } from '../kernel/money.ts'
import { type Recent, recent } from '../kernel/recent.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { exchangeOf, roundingGainsOf } from './account.ts'
import { openAccounts } from './journal.ts'

/** Rates have at most this many decimal places. */
export const RATE_DIGITS = 18
const HIGHEST_EXPONENT = 24
const CURRENCIES_REMEMBERED = 10_000

const code = text(12).regex(
  /^[A-Z][A-Z0-9]{1,11}$/,
  'must have 2 to 12 capital letters and digits, and begin with a letter',
)

const CreateCurrency = z.object({
  code: code.refine((value) => !findCurrency(value), 'is the code of a built-in currency'),
  exponent: z.int().min(0).max(HIGHEST_EXPONENT),
  name: optional(line(100)),
})

const SetRate = z.object({
  from: code,
  to: code,
  rate: z.string().superRefine((value, context) => {
    const rate = parseDecimal(value, RATE_DIGITS)
    if (rate === undefined) refuse(context, 'INVALID', decimalRule(value, RATE_DIGITS))
    else if (rate <= 0n) refuse(context, 'OUT_OF_RANGE', 'must be above zero')
    else if (rate >= 10n ** 38n) refuse(context, 'OUT_OF_RANGE', 'must be below 10^20')
  }),
})

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
}

interface Deps extends Parts {
  /** What was found, by tenant and code: a currency never changes once it is made. */
  readonly found: Recent<Currency>
}

/** The currencies of a tenant: those that everybody has, and its own. */
export type Currencies = ReturnType<typeof currencyService>

export function currencyService(parts: Parts) {
  const deps: Deps = { ...parts, found: recent(CURRENCIES_REMEMBERED) }
  return bound(deps, {
    find: findCurrencyOf,
    known: knownCurrency,
    create: createCurrency,
    setRate,
    rate: currentRate,
  })
}

async function findCurrencyOf({ db, found }: Deps, tenantId: string, code: string): Promise<Currency | undefined> {
  const known = findCurrency(code) ?? found.get(`${tenantId} ${code}`)
  if (known) return known
  const row = await db.prisma.currency.findUnique({ where: { tenantId_code: { tenantId, code } } })
  if (!row) return undefined
  const currency = { code, exponent: row.exponent }
  found.set(`${tenantId} ${code}`, currency)
  return currency
}

/** The currency of something that there is, which therefore has one. */
async function knownCurrency(deps: Deps, tenantId: string, code: string): Promise<Currency> {
  const currency = await findCurrencyOf(deps, tenantId, code)
  if (!currency) throw new Error(`unknown currency ${code}`)
  return currency
}

/** Makes a currency of the tenant's own. */
async function createCurrency({ db, clocks }: Deps, call: Call, input: unknown): Promise<Done> {
  const wanted = validate(CreateCurrency, input)
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  const id = newId()
  try {
    return await transactOnce(db, call, now, id, async (work) => {
      await work.tx.currency.create({ data: { tenantId, id, ...wanted, createdAt: now } })
      const object = { id: encodeId('Currency', id), ...wanted }
      work.emit({ type: 'currency.created', entityKind: 'Currency', entityId: id, object })
    })
  } catch (error) {
    if (!isUniqueViolation(error, 'currency_tenant_id_code_key')) throw error
    throw new DomainError({ code: 'ALREADY_EXISTS', message: 'Another currency has this code', field: ['code'] })
  }
}

/** Says what one unit of a currency is worth in another from now on. Earlier rates are kept. */
async function setRate(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, clocks } = deps
  const { from, to, rate } = validate(SetRate, input)
  const { tenantId } = call.actor
  const [source, target] = [await findCurrencyOf(deps, tenantId, from), await findCurrencyOf(deps, tenantId, to)]
  if (!source || !target) {
    const [field, code] = source ? (['to', to] as const) : (['from', from] as const)
    throw new DomainError({ code: 'NOT_FOUND', message: `unknown currency ${code}`, field: [field] })
  }
  if (from === to) {
    throw new DomainError({ code: 'INVALID', message: 'must be different from the other currency', field: ['to'] })
  }
  const now = await clocks.now(call.actor)
  const id = newId()
  return transactOnce(db, call, now, id, async (work) => {
    // So that they can be looked at and limited before the first conversion.
    const accounts = [exchangeOf(source), exchangeOf(target), roundingGainsOf(target)]
    await openAccounts(work, accounts)
    await work.tx.rate.create({ data: { tenantId, id, fromCurrency: from, toCurrency: to, rate, createdAt: now } })
    const object = { id: encodeId('Rate', id), from, to, rate }
    work.emit({ type: 'rate.set', entityKind: 'Rate', entityId: id, object })
  })
}

/** The rate of the moment, in units of 10^-18; undefined when none was set. */
async function currentRate({ db }: Deps, tenantId: string, from: string, to: string): Promise<bigint | undefined> {
  const [row] = await db.query<{ rate: string }>(
    'ledger.rate',
    `SELECT rate::text AS rate FROM rate WHERE tenant_id = $1 AND from_currency = $2 AND to_currency = $3 ORDER BY id DESC LIMIT 1`,
    [tenantId, from, to],
  )
  return row && parseDecimal(row.rate, RATE_DIGITS)
}

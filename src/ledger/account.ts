import type { AccountKind } from '../db/generated/enums.ts'
import type { AccountRow } from '../db/rows.ts'
import type { ACCOUNT } from '../events/objects/ledger.ts'
import type { ObjectOf } from '../events/shape.ts'
import type { Currency } from '../kernel/currency.ts'
import { encodeId } from '../kernel/id.ts'
import type { ProviderName } from '../kernel/provider-name.ts'

/** An account that a recipe needs, by the external id under which it is opened at its first use. */
export interface AccountSpec {
  readonly externalId: string
  readonly name: string
  readonly kind: AccountKind
  readonly currency: Currency
  /** Whether the balance may fall below zero, as it does for the world outside the books. */
  readonly overdraft: boolean
}

/** The words that the external ids of the recipes' own accounts begin with. */
const RESERVED = new Set([
  'world',
  'exchange',
  'rounding-gains',
  'suspense',
  'customers',
  'fees',
  'network-fees',
  'organization',
  'organization-fees',
  'seller-payouts',
  'seller',
])

/**
 * Whether an external id is kept for accounts that recipes open, and so for nobody else: it says whose the account is, and
 * a seller sees what is called after the seller.
 */
export function isReserved(externalId: string): boolean {
  const [word = '', ...more] = externalId.normalize('NFKC').split(':')
  return more.length > 0 && RESERVED.has(word.trim().toLowerCase())
}

/** Everything outside the books, from which money comes in and to which it goes. */
export function worldOf(currency: Currency): AccountSpec {
  return system(`world:${currency.code}`, 'The world outside', currency, true)
}

/** What the conversions of charges took in or gave out of a currency. */
export function exchangeOf(currency: Currency): AccountSpec {
  return system(`exchange:${currency.code}`, 'Exchange', currency, true)
}

/** What rounding left to the exchange of conversions to a currency. Refunds may take it below zero once it was spent. */
export function roundingGainsOf(currency: Currency): AccountSpec {
  return system(`rounding-gains:${currency.code}`, 'Rounding gains of conversions', currency, true)
}

/** What customers paid through a provider, seen from outside: its balance is minus everything received. */
export function customersOf(provider: ProviderName, currency: Currency): AccountSpec {
  return system(
    `customers:${provider.toLowerCase()}:${currency.code}`,
    `Customers paying by ${provider}`,
    currency,
    true,
  )
}

/** What a provider kept as its fees. */
export function feesOf(provider: ProviderName, currency: Currency): AccountSpec {
  return system(`fees:${provider.toLowerCase()}:${currency.code}`, `Fees of ${provider}`, currency, false)
}

/** What sending money over a provider's chains cost, paid from outside the books. */
export function networkFeesOf(provider: ProviderName, currency: Currency): AccountSpec {
  return system(
    `network-fees:${provider.toLowerCase()}:${currency.code}`,
    `Network fees at ${provider}`,
    currency,
    false,
  )
}

/** The organization's own money, received through a provider. */
export function organizationOf(provider: ProviderName, currency: Currency): AccountSpec {
  return system(
    `organization:${provider.toLowerCase()}:${currency.code}`,
    `Organization at ${provider}`,
    currency,
    false,
  )
}

/** What came in through a provider and is not yet anybody's: too little, too much, too late, or for nothing we know. */
export function suspenseOf(provider: ProviderName, currency: Currency): AccountSpec {
  return system(`suspense:${provider.toLowerCase()}:${currency.code}`, `Suspense at ${provider}`, currency, false)
}

/** What the organization keeps of its sellers' payments. */
export function organizationFeesOf(provider: ProviderName, currency: Currency): AccountSpec {
  const id = `organization-fees:${provider.toLowerCase()}:${currency.code}`
  return system(id, `Organization fees at ${provider}`, currency, false)
}

/** What sellers were paid out, outside of the books. */
export function sellerPayoutsOf(currency: Currency): AccountSpec {
  return system(`seller-payouts:${currency.code}`, 'Paid out to sellers', currency, false)
}

/** A seller's earnings. */
export function sellerOf(userId: string, currency: Currency): AccountSpec {
  return { externalId: `seller:${userId}:${currency.code}`, name: 'Seller', kind: 'CLIENT', currency, overdraft: false }
}

function system(externalId: string, name: string, currency: Currency, overdraft: boolean): AccountSpec {
  return { externalId, name, kind: 'SYSTEM', currency, overdraft }
}

type ShownAccount = Pick<
  AccountRow,
  'id' | 'externalId' | 'name' | 'kind' | 'currency' | 'overdraft' | 'overdraftLimit' | 'frozen' | 'metadata'
>

/** The account as events and webhooks show it. */
export function accountObject(account: ShownAccount): ObjectOf<typeof ACCOUNT> {
  const { externalId, name, kind, currency, overdraft, frozen, metadata } = account
  const overdraftLimit = account.overdraftLimit?.toString() ?? null
  const id = encodeId('Account', account.id)
  return { id, externalId, name, kind, currency, overdraft, overdraftLimit, frozen, metadata }
}

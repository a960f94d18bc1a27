import { type Condition, comparable, emailIs, equals, matches, NEVER, oneOf } from '../db/condition.ts'
import { findCurrency } from '../kernel/currency.ts'
import { decodeId, type IdKind } from '../kernel/id.ts'
import { emailKey, normalText } from '../kernel/input.ts'
import { parseDecimal } from '../kernel/money.ts'
import type { Context } from './context.ts'
import { badInput } from './refusal.ts'
import { ofTenant } from './visibility.ts'

/** Rows that point to what an id names. An id of another kind names nothing, and nothing points to it. */
export function refersTo(column: string, kind: IdKind, id: string | null | undefined): Condition[] {
  if (id === null || id === undefined) return []
  const decoded = decodeId(id)
  return [decoded?.kind === kind ? equals(column, decoded.uuid) : NEVER]
}

/**
 * Rows that a provider knows by this id. One that comes with its kind before an @ is known without that. The providers are
 * named because the index over these ids begins with them.
 */
export function calledAtProvider({ app }: Context, given: string): Condition[] {
  const id = comparable(given)
  const bare = id.slice(id.lastIndexOf('@') + 1)
  return [oneOf('provider', Object.keys(app.providers)), oneOf('external_id', [...new Set([id, bare])])]
}

/** As many keys as one object may have. */
const KEYS_AT_MOST = 24

/**
 * Rows whose metadata has all of these values, each compared as text.
 * @throws GraphQLError BAD_USER_INPUT, DomainError TOO_LONG
 */
export function hasMetadata(wanted: MetadataWanted): Condition[] {
  if (wanted && wanted.length > KEYS_AT_MOST) throw badInput(`\`metadata\` must have at most ${KEYS_AT_MOST} keys`)
  return (wanted ?? []).map(({ key, value }) => ({
    values: [comparable(key), comparable(value)],
    sql: (alias, name, text) => `${alias}.metadata ->> ${name} = ${text}`,
  }))
}

type MetadataWanted = readonly { key: string; value: string }[] | null | undefined

/** What a filter asks of the merchant's own words on a thing. */
export interface WordsWanted {
  readonly reference?: string | null | undefined
  readonly metadata?: MetadataWanted
}

/**
 * Rows with this reference and all of these values in their metadata, of a table with an index over each.
 * @throws GraphQLError BAD_USER_INPUT, DomainError TOO_LONG
 */
export function hasWords(context: Context, { reference, metadata }: WordsWanted): Condition[] {
  return [
    ...(reference == null ? [] : [matches('reference', normalText(reference))]),
    ...(metadata == null || metadata.length === 0 ? [] : hasIndexedMetadata(context, metadata)),
  ]
}

/**
 * By the texts that metadata_words makes of them, which are indexed, and then by themselves. Without the second the planner
 * would take a value that it has not met for one in two hundred, and read the list until it is met.
 */
function hasIndexedMetadata({ caller }: Context, wanted: NonNullable<MetadataWanted>): Condition[] {
  const values = hasMetadata(wanted)
  const [tenantId] = ofTenant(caller).values
  const indexed: Condition = {
    values: [wanted.map(({ key, value }) => `${tenantId} ${key}=${value}`)],
    sql: (alias, words) =>
      `(${alias}.metadata <> '{}' AND metadata_words(${alias}.tenant_id, ${alias}.metadata) @> ${words}::text[])`,
    varies: true,
  }
  return [indexed, ...values]
}

/** Rows of the customers who have this e-mail address, or had it until they were merged, of any seller and also when they were deleted. */
export function ofCustomerWithEmail(address: string | null | undefined): Condition[] {
  if (address == null) return []
  const { sql, values } = emailIs('email', emailKey(address))
  return [
    {
      values,
      sql: (alias, key) => `${alias}.customer_id IN (SELECT coalesce(k.merged_into_id, k.id) FROM customer AS k
        WHERE k.tenant_id = ${alias}.tenant_id AND ${sql('k', key)})`,
      varies: true,
    },
  ]
}

/** Customers with this e-mail address, and those with whom a customer with it was merged. */
export function reachedAt({ caller }: Pick<Context, 'caller'>, address: string): Condition {
  const { sql, values } = emailIs('email', emailKey(address))
  return {
    values: [...ofTenant(caller).values, ...values],
    sql: (alias, tenant = '', key = '') => `${alias}.id = ANY (ARRAY(
        SELECT unnest(ARRAY[k.id, k.merged_into_id]) FROM customer AS k WHERE k.tenant_id = ${tenant} AND ${sql('k', key)}))`,
  }
}

/** Payments of which some money came in by this transfer. */
export function cameBy({ caller }: Context, given: string | null | undefined): Condition[] {
  if (given == null) return []
  return [
    {
      values: [...ofTenant(caller).values, comparable(normalText(given))],
      sql: (alias, tenant, hash) => `${alias}.id = ANY (ARRAY(
        SELECT p.id FROM payment AS p WHERE p.tenant_id = ${tenant} AND p.transaction_hash COLLATE "C" = ${hash}
        UNION ALL SELECT m.payment_id FROM payment_movement AS m
        WHERE m.tenant_id = ${tenant} AND m.transaction_hash COLLATE "C" = ${hash}))`,
    },
  ]
}

/** Bounds in major units of one currency. */
interface Range {
  readonly currency: string
  readonly equals?: string | null | undefined
  readonly atLeast?: string | null | undefined
  readonly above?: string | null | undefined
  readonly atMost?: string | null | undefined
  readonly below?: string | null | undefined
}

const OPERATORS = { equals: '=', atLeast: '>=', above: '>', atMost: '<=', below: '<' } as const
const DIGITS_AT_MOST = 40

/**
 * Rows whose amount, a column of minor units, is within bounds. The exponent of a currency of the tenant's own is known
 * to the database alone, which therefore does the sum; a currency that is unknown has no amounts.
 * @throws GraphQLError BAD_USER_INPUT when a bound is no decimal.
 */
export function amountIn(column: string, range: Range | null | undefined): Condition[] {
  if (!range) return []
  const { currency } = range
  const known = findCurrency(currency)?.exponent
  const exponentOf = (alias: string, code: string) =>
    known ?? `(SELECT c.exponent FROM currency AS c WHERE c.tenant_id = ${alias}.tenant_id AND c.code = ${code})`
  const bounds = Object.entries(OPERATORS).flatMap(([name, operator]): Condition[] => {
    const bound = range[name as keyof typeof OPERATORS]
    if (bound === null || bound === undefined) return []
    if (parseDecimal(bound, DIGITS_AT_MOST) === undefined) throw badInput(`\`${name}\` must be a decimal`)
    return [
      {
        values: known === undefined ? [bound, currency] : [bound],
        sql: (alias, value, code = '') =>
          `${alias}.${column} ${operator} ${value}::numeric * 10::numeric ^ ${exponentOf(alias, code)}`,
      },
    ]
  })
  return [equals('currency', currency), ...bounds]
}

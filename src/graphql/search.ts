import { encodeCursor } from '../db/cursor.ts'
import type { Database } from '../db/database.ts'
import type { Position } from '../db/page.ts'
import { Bindings, nameOf } from '../db/statement.ts'
import type { Caller } from '../kernel/actor.ts'
import { decodeId, type IdKind } from '../kernel/id.ts'
import { emailKey, normalText } from '../kernel/input.ts'
import { decodeCursor } from './cursor.ts'
import { badInput } from './refusal.ts'
import { visible } from './visibility.ts'

/**
 * The search over what a shop has sold and to whom. Each way to be found is a column with an index in its bytewise order,
 * in which whatever begins with the text stands together: however many rows there are, as many are read as a page has.
 */

export type Searched = 'Customer' | 'Checkout' | 'Payment' | 'Subscription'

const TABLES = {
  Customer: 'customer',
  Checkout: 'checkout',
  Payment: 'payment',
  Subscription: 'subscription',
} as const satisfies Record<Searched, string>

const ORDER = 'SEARCH'
const TEXT_AT_MOST = 254

/** Values from the first one up to another that is behind them: all those that begin with a text, or that text alone. */
interface Range {
  readonly first: string
  readonly behind: string
}

/** A way to be found. */
interface Way {
  readonly kind: Searched
  /** The value that is compared. The row that is found is called t. */
  readonly value: string
  /** Where a row is found by another that points to it: both. */
  readonly from?: string
  /** Which of several such rows finds it, by the condition that a value is in the range. */
  readonly once?: (within: (value: string) => string) => string
  readonly range: (text: string) => Range
}

const FULL_NAME = `lower((t.name || coalesce(' ' || t.last_name, '')) COLLATE "C")`
const REFERENCE = 't.reference COLLATE "C"'
const EXTERNAL_ID = 't.external_id COLLATE "C"'
const MERGED = 'customer AS m JOIN customer AS t ON t.tenant_id = m.tenant_id AND t.id = m.merged_into_id'
const FURTHER_TRANSFERS = 'payment_movement AS m JOIN payment AS t ON t.tenant_id = m.tenant_id AND t.id = m.payment_id'

/** In the order in which what they find is listed. A cursor holds a way's name. */
const WAYS: Readonly<Record<string, Way>> = {
  EMAIL: { kind: 'Customer', value: 'lower(t.email COLLATE "C")', range: (text) => beginning(emailKey(text)) },
  NAME: { kind: 'Customer', value: FULL_NAME, range: (text) => beginning(lowerAscii(text)) },
  LAST_NAME: {
    kind: 'Customer',
    value: 'lower(t.last_name COLLATE "C")',
    range: (text) => beginning(lowerAscii(text)),
  },
  CUSTOMER: { kind: 'Customer', value: REFERENCE, range: beginning },
  EMAIL_OF_MERGED: {
    kind: 'Customer',
    value: 'lower(m.email COLLATE "C")',
    from: MERGED,
    once: (range) => `m.merged_into_id IS NOT NULL AND NOT EXISTS (SELECT FROM customer AS o
      WHERE o.tenant_id = m.tenant_id AND o.merged_into_id = m.merged_into_id AND ${range('lower(o.email COLLATE "C")')}
        AND (lower(o.email COLLATE "C"), o.id) < (lower(m.email COLLATE "C"), m.id))`,
    range: (text) => beginning(emailKey(text)),
  },
  CHECKOUT: { kind: 'Checkout', value: REFERENCE, range: beginning },
  PAYMENT: { kind: 'Payment', value: REFERENCE, range: beginning },
  SUBSCRIPTION: { kind: 'Subscription', value: REFERENCE, range: beginning },
  TRANSFER: { kind: 'Payment', value: 't.transaction_hash COLLATE "C"', range: beginning },
  CHECKOUT_AT_PROVIDER: { kind: 'Checkout', value: EXTERNAL_ID, range: atProvider },
  PAYMENT_AT_PROVIDER: { kind: 'Payment', value: EXTERNAL_ID, range: atProvider },
  SUBSCRIPTION_AT_PROVIDER: { kind: 'Subscription', value: EXTERNAL_ID, range: atProvider },
  FURTHER_TRANSFER: { kind: 'Payment', value: 'm.transaction_hash COLLATE "C"', from: FURTHER_TRANSFERS, range: alone },
}
const NAMES = Object.keys(WAYS)

export interface Found {
  readonly kind: Searched
  readonly id: string
  readonly cursor: string
}

export interface FoundPage {
  readonly found: readonly Found[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

interface Asked {
  readonly text: string
  readonly size: number
  /** Whether it is the last things before `before` that are wanted, instead of the first after `after`. */
  readonly backward: boolean
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
}

/** @throws GraphQLError BAD_USER_INPUT for a text that is empty or too long, or what is no cursor of a search */
export async function search(db: Database, caller: Caller, asked: Asked): Promise<FoundPage> {
  const { size, backward } = asked
  const text = searchable(asked.text)
  const bounds = { after: placeOf('after', asked.after), before: placeOf('before', asked.before) }
  const around = { hasNextPage: bounds.before !== undefined, hasPreviousPage: bounds.after !== undefined }
  const named = namedBy(text)
  if (named) return { ...around, found: bounds.after || bounds.before ? [] : named.slice(0, size) }
  const bind = new Bindings()
  const limit = bind.add(size + 1)
  const direction = backward ? 'DESC' : 'ASC'
  const parts = waysWithin(bounds).map((name) => partOf(name, text, { caller, bind, limit, direction, ...bounds }))
  const statement = `SELECT * FROM (${parts.join('\nUNION ALL\n') || NOTHING}) AS found
    ORDER BY place ${direction}, value ${direction}, id ${direction} LIMIT ${limit}`
  const rows = await db.query<Row>(nameOf('search', statement), statement, bind.values)
  const more = rows.length > size
  const found = rows.slice(0, size).map(foundIn)
  if (backward) return { ...around, found: found.reverse(), hasPreviousPage: more || around.hasPreviousPage }
  return { ...around, found, hasNextPage: more || around.hasNextPage }
}

const NOTHING = `SELECT 0 AS place, NULL::uuid AS id, '' AS value WHERE FALSE`

/** What is found of a text that is an id: what has it. It has the place before everything else. */
function namedBy(text: string): readonly Found[] | undefined {
  const id = decodeId(text)
  if (!id) return undefined
  if (!isSearched(id.kind)) return []
  return [{ kind: id.kind, id: id.uuid, cursor: encodeCursor(ORDER, { id: id.uuid, value: `${NAMES[0]} ` }) }]
}

function isSearched(kind: IdKind): kind is Searched {
  return Object.hasOwn(TABLES, kind)
}

function searchable(given: string): string {
  const text = normalText(given)
  if (text === '' || text.length > TEXT_AT_MOST) throw badInput(`\`text\` must have 1 to ${TEXT_AT_MOST} characters`)
  return text
}

/** Where a page begins or ends: at this value of a way. */
interface Place extends Position {
  readonly name: string
}

function placeOf(argument: string, cursor: string | null | undefined): Place | undefined {
  if (cursor == null) return undefined
  const { id, value: place } = decodeCursor(argument, ORDER, cursor)
  const [, name = '', value = ''] = /^([A-Z_]+) (.*)$/s.exec(place) ?? []
  if (!Object.hasOwn(WAYS, name)) throw badInput(`\`${argument}\` is not a cursor of this list`)
  return { name, id, value }
}

interface Bounds {
  readonly after: Place | undefined
  readonly before: Place | undefined
}

function waysWithin({ after, before }: Bounds): string[] {
  const last = before ? NAMES.indexOf(before.name) + 1 : NAMES.length
  return NAMES.slice(after ? NAMES.indexOf(after.name) : 0, last)
}

interface Part extends Bounds {
  readonly caller: Caller
  readonly bind: Bindings
  readonly limit: string
  readonly direction: 'ASC' | 'DESC'
}

/** What is found by one way and by none before it. */
function partOf(name: string, text: string, { caller, bind, limit, direction, ...bounds }: Part): string {
  const { kind, from, value, once, range } = wayOf(name)
  const among = (column: string) => inRange(column, range(text), bind)
  const table = TABLES[kind]
  const earlier = NAMES.slice(0, NAMES.indexOf(name)).filter((each) => wayOf(each).kind === kind)
  const beyond = (place: Place | undefined, sign: '<' | '>') =>
    place?.name === name ? [`(${value}, t.id) ${sign} (${bind.add(place.value)}, ${bind.add(place.id)}::uuid)`] : []
  const where = [
    bind.all(visible(caller, table))('t'),
    among(value),
    ...(once ? [once(among)] : []),
    ...earlier.map((each) => `(${within(each, text, bind)}) IS NOT TRUE`),
    ...(table === 'customer' ? ['t.deleted_at IS NULL'] : []),
    ...beyond(bounds.after, '>'),
    ...beyond(bounds.before, '<'),
  ]
  const select = from === undefined ? 'SELECT' : 'SELECT DISTINCT'
  return `(${select} ${NAMES.indexOf(name)} AS place, t.id, ${value} AS value FROM ${from ?? `${table} AS t`}
    WHERE ${where.join(' AND ')} ORDER BY value ${direction}, t.id ${direction} LIMIT ${limit})`
}

function within(name: string, text: string, bind: Bindings): string {
  const { value, range } = wayOf(name)
  return inRange(value, range(text), bind)
}

function inRange(value: string, { first, behind }: Range, bind: Bindings): string {
  return `${value} >= ${bind.add(first)} AND ${value} < ${bind.add(behind)}`
}

function wayOf(name: string): Way {
  const way = WAYS[name]
  if (!way) throw new Error(`nothing is found by ${name}`)
  return way
}

interface Row {
  readonly place: number
  readonly id: string
  readonly value: string
}

function foundIn({ place, id, value }: Row): Found {
  const name = NAMES[place] ?? ''
  return { kind: wayOf(name).kind, id, cursor: encodeCursor(ORDER, { id, value: `${name} ${value}` }) }
}

/** All values that begin with a text. */
function beginning(text: string): Range {
  return { first: text, behind: successorOf(text) }
}

/** The text alone: no value holds what would come between. */
function alone(text: string): Range {
  return { first: text, behind: `${text}\u0001` }
}

/** An id that comes with its kind before an @ is known to its provider without that. */
function atProvider(text: string): Range {
  const bare = text.slice(text.lastIndexOf('@') + 1)
  return text.includes('@') && bare !== '' ? alone(bare) : beginning(text)
}

const LAST_BEFORE_SURROGATES = 0xd7ff
const FIRST_BEHIND_SURROGATES = 0xe000
const LAST_OF_ALL = 0x10ffff

/** The first text in bytewise order that does not begin with this one. */
function successorOf(text: string): string {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === LAST_OF_ALL) points.pop()
  const last = points.pop()
  if (last === undefined) return String.fromCodePoint(LAST_OF_ALL)
  return String.fromCodePoint(...points, last === LAST_BEFORE_SURROGATES ? FIRST_BEHIND_SURROGATES : last + 1)
}

/** The database folds the case of ASCII letters alone, whatever its locale. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

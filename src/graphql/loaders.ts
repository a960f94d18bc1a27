import DataLoader from 'dataloader'
import { type Condition, isNull, oneOf } from '../db/condition.ts'
import type { Database } from '../db/database.ts'
import { page } from '../db/page.ts'
import { readRows } from '../db/statement.ts'
import type { Caller } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { badInput } from './refusal.ts'
import type { Rows } from './rows.ts'
import { type Table, visible } from './visibility.ts'

/** The columns by which one row is found. */
const PROPERTY = { id: 'id', checkout_id: 'checkoutId', billing_id: 'billingId', cause_id: 'causeId' } as const

/** Reads for one request: rows asked for one by one are fetched together, and only those the caller may see. */
export class Loaders {
  readonly db: Database
  readonly caller: Caller
  readonly #clocks: Clocks
  readonly #byKey = new Map<string, DataLoader<string, unknown>>()

  constructor(db: Database, clocks: Clocks, caller: Caller) {
    this.db = db
    this.caller = caller
    this.#clocks = clocks
  }

  /** The loader with this name, made on its first use: `load` answers for all of the keys that are asked for at once. */
  batch<Value>(
    name: string,
    load: (keys: readonly string[]) => Promise<(Value | null)[]>,
  ): DataLoader<string, Value | null> {
    let found = this.#byKey.get(name)
    if (!found) {
      found = new DataLoader<string, unknown>(load, { maxBatchSize: 1_000 })
      this.#byKey.set(name, found)
    }
    return found as DataLoader<string, Value | null>
  }

  /** One row by its UUID, also when it was deleted; null when there is none that the caller may see. */
  one<T extends keyof Rows>(table: T, id: string): Promise<Rows[T] | null> {
    return this.by(table, 'id', id)
  }

  /** The one row with this value in the column. */
  by<T extends keyof Rows>(table: T, column: keyof typeof PROPERTY, value: string): Promise<Rows[T] | null> {
    return this.#rows(table, column).load(value)
  }

  /** The row that another one points to, if it points to one. */
  linked<T extends keyof Rows>(table: T, id: string | null): Promise<Rows[T] | null> | null {
    return id === null ? null : this.one(table, id)
  }

  /** One row as it stands after a mutation; what was read before holds no more. */
  fresh<T extends keyof Rows>(table: T, id: string): Promise<Rows[T] | null> {
    this.#byKey.clear()
    return this.one(table, id)
  }

  /** The same where the mutation has answered with the row. */
  known<T extends keyof Rows>(table: T, row: Rows[T]): Rows[T] {
    this.#byKey.clear()
    this.#rows(table, 'id').prime(row.id, row)
    return row
  }

  /** The row with this value in a unique column; deleted rows have given theirs up. */
  async unique<T extends keyof Rows>(table: T, ...conditions: readonly Condition[]): Promise<Rows[T] | null> {
    const [row] = await readRows<Rows[T]>(this.db, table, [...visible(this.caller, table), ...conditions])
    return row ?? null
  }

  /** The row that meets these and was made last. */
  async newest<T extends keyof Rows>(table: T, ...conditions: readonly Condition[]): Promise<Rows[T] | null> {
    const where = [...visible(this.caller, table), ...conditions]
    const order = { column: 'id', direction: 'DESC' } as const
    const { rows } = await page<Rows[T] & { readonly id: string }>(this.db, {
      ...{ from: table, where, order, size: 1, backward: false },
    })
    return rows[0] ?? null
  }

  /**
   * The row with a name that is unique among what one owner has. A manager sees those of all owners: without an owner
   * the organization's own row is meant, and else the only one.
   * @throws GraphQLError BAD_USER_INPUT when several sellers have one and the organization has none
   */
  async named<T extends 'product' | 'customer'>(
    table: T,
    owner: readonly Condition[],
    ...conditions: readonly Condition[]
  ): Promise<Rows[T] | null> {
    const where = [...visible(this.caller, table), ...owner, ...conditions, isNull('deleted_at')]
    const found = await readRows<Rows[T]>(this.db, table, where)
    const own = found.find(({ userId }) => userId === null)
    if (!own && found.length > 1)
      throw badInput('Several sellers have an object with this identifier: give `sellerId` to select one')
    return own ?? found[0] ?? null
  }

  /** The rows that meet all of these, newest first and so many at most. */
  async list<T extends keyof Rows>(table: T, conditions: readonly Condition[], most: number): Promise<Rows[T][]> {
    const where = [...visible(this.caller, table), ...conditions]
    const found = await readRows<Rows[T] & { readonly id: string }>(this.db, table, where)
    return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most)
  }

  /** The rows that point to each of many, all read together and in the order of their ids. */
  async pointing<Row extends { readonly id: string }>(
    table: Table,
    column: string,
    property: keyof Row,
    id: string,
  ): Promise<Row[]> {
    const groups = this.batch<Row[]>(`${table}.${column} many`, async (keys) => {
      const found = await readRows<Row>(this.db, table, [...visible(this.caller, table), oneOf(column, keys)])
      const byId = new Map<unknown, Row[]>(keys.map((key) => [key, []]))
      for (const row of found.sort((a, b) => (a.id < b.id ? -1 : 1))) byId.get(row[property])?.push(row)
      return keys.map((key) => byId.get(key) ?? [])
    })
    return (await groups.load(id)) ?? []
  }

  /** The tenant's time, the same for the whole request. */
  async now(tenantId: string): Promise<Date> {
    const times = this.batch<Date>('clock', (keys) => Promise.all(keys.map((key) => this.#clocks.now(key))))
    const now = await times.load(tenantId)
    if (!now) throw new Error(`tenant ${tenantId} has no clock`)
    return now
  }

  #rows<T extends keyof Rows>(table: T, column: keyof typeof PROPERTY): DataLoader<string, Rows[T] | null> {
    return this.batch<Rows[T]>(`${table}.${column}`, async (keys) => {
      const found = await readRows<Rows[T]>(this.db, table, [...visible(this.caller, table), oneOf(column, keys)])
      const map = new Map(found.map((row) => [(row as unknown as Record<string, string>)[PROPERTY[column]], row]))
      return keys.map((key) => map.get(key) ?? null)
    })
  }
}

/** Only the row that is not deleted answers to a name. */
export function present<Row extends { deletedAt?: Date | null }>(row: Row | null): Row | null {
  return row && isDeleted(row) ? null : row
}

export function isDeleted(row: object): boolean {
  return 'deletedAt' in row && row.deletedAt !== null
}

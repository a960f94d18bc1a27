import { brandWithType } from '@pothos/core'
import DataLoader from 'dataloader'
import { type Condition, equals, isNull, oneOf } from '../db/condition.ts'
import type { Database } from '../db/database.ts'
import type {
  ApiKeyRow,
  CurrencyRow,
  EntryRow,
  EventRow,
  LedgerTransactionRow,
  ProviderLinkRow,
  RefundRow,
  WebhookAttemptRow,
} from '../db/rows.ts'
import { readRows } from '../db/statement.ts'
import type { Actor, Caller } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { decodeId, type IdKind } from '../kernel/id.ts'
import { NODES, type Rows } from './refs.ts'
import { badInput } from './refusal.ts'
import { ofTenant, type Table, visible } from './visibility.ts'

/** Reads for one request: rows asked for one by one are fetched together, and only those the caller may see. */
export type Loaders = ReturnType<typeof createLoaders>

/** A checkout or payment passes a dozen states; a timeline beyond this has something wrong with it. */
const TIMELINE_AT_MOST = 100

/** The columns by which one row is found. */
const PROPERTY = { id: 'id', checkout_id: 'checkoutId', billing_id: 'billingId', cause_id: 'causeId' } as const
/** A day of tries has 27; redeliveries begin days anew. */
const ATTEMPTS_AT_MOST = 100

export function createLoaders(db: Database, clocks: Clocks, caller: Caller) {
  const byKey = new Map<string, DataLoader<string, unknown>>()

  function loader<Value>(name: string, batch: (keys: readonly string[]) => Promise<(Value | null)[]>) {
    let found = byKey.get(name)
    if (!found) {
      found = new DataLoader<string, unknown>(batch, { maxBatchSize: 1_000 })
      byKey.set(name, found)
    }
    return found as DataLoader<string, Value | null>
  }

  function rows<T extends keyof Rows>(table: T, column: keyof typeof PROPERTY): DataLoader<string, Rows[T] | null> {
    return loader<Rows[T]>(`${table}.${column}`, async (keys) => {
      const found = await readRows<Rows[T]>(db, table, [...visible(caller, table), oneOf(column, keys)])
      const map = new Map(found.map((row) => [(row as unknown as Record<string, string>)[PROPERTY[column]], row]))
      return keys.map((key) => map.get(key) ?? null)
    })
  }

  /** The rows that point to each of many, all read together and in the order of their ids. */
  function pointing<Row extends { readonly id: string }>(
    table: Table,
    column: string,
    property: keyof Row,
    id: string,
  ) {
    const groupsOf = loader<Row[]>(`${table}.${column} many`, async (keys) => {
      const found = await readRows<Row>(db, table, [...visible(caller, table), oneOf(column, keys)])
      const groups = new Map<unknown, Row[]>(keys.map((key) => [key, []]))
      for (const row of found.sort((a, b) => (a.id < b.id ? -1 : 1))) groups.get(row[property])?.push(row)
      return keys.map((key) => groups.get(key) ?? [])
    })
    return groupsOf.load(id).then((group) => group ?? [])
  }

  const self = {
    /** One row by its UUID, also when it was deleted; null when there is none that the caller may see. */
    one<T extends keyof Rows>(table: T, id: string): Promise<Rows[T] | null> {
      return rows(table, 'id').load(id)
    },

    /** The row that another one points to, if it points to one. */
    linked<T extends keyof Rows>(table: T, id: string | null): Promise<Rows[T] | null> | null {
      return id === null ? null : self.one(table, id)
    },

    /** One row as it stands after a mutation; what was read before holds no more. */
    fresh<T extends keyof Rows>(table: T, id: string): Promise<Rows[T] | null> {
      byKey.clear()
      return rows(table, 'id').load(id)
    },

    /** The same where the mutation has answered with the row. */
    known<T extends keyof Rows>(table: T, row: Rows[T]): Rows[T] {
      byKey.clear()
      rows(table, 'id').prime(row.id, row)
      return row
    },

    /** The row with this value in a unique column; deleted rows have given theirs up. */
    async unique<T extends keyof Rows>(table: T, ...conditions: readonly Condition[]): Promise<Rows[T] | null> {
      const [row] = await readRows<Rows[T]>(db, table, [...visible(caller, table), ...conditions])
      return row ?? null
    },

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
      const where = [...visible(caller, table), ...owner, ...conditions, isNull('deleted_at')]
      const found = await readRows<Rows[T]>(db, table, where)
      const own = found.find(({ userId }) => userId === null)
      if (!own && found.length > 1)
        throw badInput('Several sellers have an object with this identifier: give `sellerId` to select one')
      return own ?? found[0] ?? null
    },

    /** The rows that meet all of these, newest first and so many at most. */
    async list<T extends keyof Rows>(table: T, conditions: readonly Condition[], most: number): Promise<Rows[T][]> {
      const found = await readRows<Rows[T] & { readonly id: string }>(db, table, [
        ...visible(caller, table),
        ...conditions,
      ])
      return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most)
    },

    /** The key that asks, which sees itself whatever its role. */
    async own({ tenantId, apiKeyId }: Actor): Promise<ApiKeyRow | null> {
      const [row] = await readRows<ApiKeyRow>(db, 'api_key', [equals('tenant_id', tenantId), equals('id', apiKeyId)])
      return row ?? null
    },

    /** A seller's account in a currency. */
    async earnings(userId: string, code: string): Promise<Rows['account'] | null> {
      const accounts = loader<Rows['account']>(`earnings ${code}`, async (userIds) => {
        const names = userIds.map((each) => `seller:${each}:${code}`)
        const conditions = [...visible(caller, 'account'), oneOf('external_id', names)]
        const found = await readRows<Rows['account']>(db, 'account', conditions)
        const map = new Map(found.map((account) => [account.externalId, account]))
        return names.map((name) => map.get(name) ?? null)
      })
      return accounts.load(userId)
    },

    paymentOf(checkoutId: string) {
      return rows('payment', 'checkout_id').load(checkoutId)
    },

    subscriptionOf(checkoutId: string) {
      return rows('subscription', 'checkout_id').load(checkoutId)
    },

    /** The payment of a bill; null until it is paid. */
    paymentOfBilling(billingId: string) {
      return rows('payment', 'billing_id').load(billingId)
    },

    /** The latest refund of a payment. */
    async refundOf(paymentId: string): Promise<RefundRow | null> {
      return (await pointing<RefundRow>('refund', 'payment_id', 'paymentId', paymentId)).at(-1) ?? null
    },

    /** Whatever an id of the API names, of any kind, branded with its type. A deleted thing is gone. */
    async node(id: string): Promise<object | null> {
      const decoded = decodeId(id)
      return decoded ? self.entity(decoded.kind, decoded.uuid) : null
    },

    async entity(kind: IdKind, uuid: string): Promise<object | null> {
      const { table, ref } = NODES[kind]
      const row = await self.one(table, uuid)
      if (!row || isDeleted(row)) return null
      brandWithType(row, ref)
      return row
    },

    links(entityId: string): Promise<ProviderLinkRow[]> {
      return pointing<ProviderLinkRow>('provider_link', 'entity_id', 'entityId', entityId)
    },

    /** What a ledger transaction did, in the order of its recipe. */
    entriesOf(transactionId: string): Promise<EntryRow[]> {
      return pointing<EntryRow>('entry', 'transaction_id', 'transactionId', transactionId)
    },

    /** How money moved for something that moves it once, such as a refund; null until it has. */
    postingOf(causeId: string): Promise<LedgerTransactionRow | null> {
      return rows('ledger_transaction', 'cause_id').load(causeId)
    },

    /** The INTERNAL transactions behind an EXTERNAL one, in the order of its charges. */
    partsOf(transactionId: string): Promise<LedgerTransactionRow[]> {
      return pointing<LedgerTransactionRow>('ledger_transaction', 'parent_id', 'parentId', transactionId)
    },

    /** The latest tries of a delivery that the caller was shown, oldest first. */
    async attemptsOf(deliveryId: string): Promise<WebhookAttemptRow[]> {
      const attempts = loader<WebhookAttemptRow[]>('webhook_attempt', async (keys) => {
        const found = await db.query<WebhookAttemptRow>(
          'webhooks.attempts',
          `SELECT found.* FROM unnest($2::uuid[]) AS parent (id) CROSS JOIN LATERAL (
             SELECT a.* FROM webhook_attempt AS a WHERE a.tenant_id = $1 AND a.delivery_id = parent.id
             ORDER BY a.id DESC LIMIT ${ATTEMPTS_AT_MOST}) AS found
           ORDER BY found.id`,
          [ofTenant(caller).values[0], keys],
        )
        return keys.map((key) => found.filter((attempt) => attempt.deliveryId === key))
      })
      return (await attempts.load(deliveryId)) ?? []
    },

    /** How many decimal places a currency of the tenant's own has. Whoever may see an amount may know it. */
    async exponent(code: string): Promise<number> {
      const exponents = loader<number>('currency.code', async (codes) => {
        const found = await readRows<CurrencyRow>(db, 'currency', [ofTenant(caller), oneOf('code', codes)])
        const map = new Map(found.map((currency) => [currency.code, currency.exponent]))
        return codes.map((each) => map.get(each) ?? null)
      })
      const exponent = await exponents.load(code)
      if (exponent === null) throw new Error(`unknown currency ${code}`)
      return exponent
    },

    /** What happened to a checkout or payment that the caller was shown, oldest first. */
    async timeline(tenantId: string, column: 'topic_id' | 'entity_id', id: string): Promise<EventRow[]> {
      const timelines = loader<EventRow[]>(`timeline.${column}`, async (keys) => {
        const found = await db.query<EventRow>(
          `timeline.${column}`,
          `SELECT found.* FROM unnest($2::uuid[]) AS parent (id) CROSS JOIN LATERAL (
             SELECT e.* FROM event AS e WHERE e.tenant_id = $1 AND e.${column} = parent.id
             ORDER BY e.cursor LIMIT ${TIMELINE_AT_MOST}) AS found
           ORDER BY found.cursor`,
          [tenantId, keys],
        )
        const property = column === 'topic_id' ? 'topicId' : 'entityId'
        return keys.map((key) => found.filter((event) => event[property] === key))
      })
      return (await timelines.load(id)) ?? []
    },

    /** The tenant's time, the same for the whole request. */
    async now(tenantId: string): Promise<Date> {
      const times = loader<Date>('clock', (keys) => Promise.all(keys.map((key) => clocks.now(key))))
      const now = await times.load(tenantId)
      if (!now) throw new Error(`tenant ${tenantId} has no clock`)
      return now
    },

    /** A loader that a field makes for itself, one for each set of arguments. */
    batch<Value>(
      name: string,
      load: (parents: readonly string[]) => Promise<Value[]>,
    ): DataLoader<string, Value | null> {
      return loader<Value>(name, load)
    },
  }
  return self
}

/** Only the row that is not deleted answers to a name. */
export function present<Row extends { deletedAt?: Date | null }>(row: Row | null): Row | null {
  return row && isDeleted(row) ? null : row
}

function isDeleted(row: object): boolean {
  return 'deletedAt' in row && row.deletedAt !== null
}

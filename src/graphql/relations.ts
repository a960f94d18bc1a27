import { equals, oneOf } from '../db/condition.ts'
import type {
  AccountRow,
  ApiKeyRow,
  CurrencyRow,
  EntryRow,
  EventRow,
  LedgerTransactionRow,
  PaymentRow,
  ProviderLinkRow,
  RefundRow,
  SubscriptionRow,
  WebhookAttemptRow,
} from '../db/rows.ts'
import { readRows } from '../db/statement.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Loaders } from './loaders.ts'
import { ofTenant, visible } from './visibility.ts'

/** What belongs to an object that the caller was shown. */

/** A day of tries has 27; redeliveries begin days anew. */
const ATTEMPTS_AT_MOST = 100

/** A checkout or payment passes a dozen states; a timeline beyond this has something wrong with it. */
const TIMELINE_AT_MOST = 100
/** The steps of the tries to pay a checkout. */
const STEPS_AT_MOST = 400

export function paymentOf(loaders: Loaders, checkoutId: string): Promise<PaymentRow | null> {
  return loaders.by('payment', 'checkout_id', checkoutId)
}

export function subscriptionOf(loaders: Loaders, checkoutId: string): Promise<SubscriptionRow | null> {
  return loaders.by('subscription', 'checkout_id', checkoutId)
}

/** The payment of a bill; null until it is paid. */
export function paymentOfBilling(loaders: Loaders, billingId: string): Promise<PaymentRow | null> {
  return loaders.by('payment', 'billing_id', billingId)
}

/** The latest refund of a payment. */
export async function refundOf(loaders: Loaders, paymentId: string): Promise<RefundRow | null> {
  return (await loaders.pointing<RefundRow>('refund', 'payment_id', 'paymentId', paymentId)).at(-1) ?? null
}

/** What a product or customer is called at each provider. */
export function linksOf(loaders: Loaders, entityId: string): Promise<ProviderLinkRow[]> {
  return loaders.pointing<ProviderLinkRow>('provider_link', 'entity_id', 'entityId', entityId)
}

/** What a ledger transaction did, in the order of its recipe. */
export function entriesOf(loaders: Loaders, transactionId: string): Promise<EntryRow[]> {
  return loaders.pointing<EntryRow>('entry', 'transaction_id', 'transactionId', transactionId)
}

/** How money moved for something that moves it once, such as a refund; null until it has. */
export function postingOf(loaders: Loaders, causeId: string): Promise<LedgerTransactionRow | null> {
  return loaders.by('ledger_transaction', 'cause_id', causeId)
}

/** The INTERNAL transactions behind an EXTERNAL one, in the order of its charges. */
export function partsOf(loaders: Loaders, transactionId: string): Promise<LedgerTransactionRow[]> {
  return loaders.pointing<LedgerTransactionRow>('ledger_transaction', 'parent_id', 'parentId', transactionId)
}

/** The key that asks, which sees itself whatever its role. */
export async function ownKey({ db }: Loaders, { tenantId, apiKeyId }: Actor): Promise<ApiKeyRow | null> {
  const [row] = await readRows<ApiKeyRow>(db, 'api_key', [equals('tenant_id', tenantId), equals('id', apiKeyId)])
  return row ?? null
}

/** A seller's account in a currency; null until something was earned in it. */
export async function earningsOf(loaders: Loaders, userId: string, currency: string): Promise<AccountRow | null> {
  const { db, caller } = loaders
  const accounts = loaders.batch<AccountRow>(`earnings ${currency}`, async (userIds) => {
    const names = userIds.map((each) => `seller:${each}:${currency}`)
    const conditions = [...visible(caller, 'account'), oneOf('external_id', names)]
    const found = await readRows<AccountRow>(db, 'account', conditions)
    const map = new Map(found.map((account) => [account.externalId, account]))
    return names.map((name) => map.get(name) ?? null)
  })
  return accounts.load(userId)
}

/** The latest tries of a delivery, oldest first. */
export async function attemptsOf(loaders: Loaders, deliveryId: string): Promise<WebhookAttemptRow[]> {
  const { db, caller } = loaders
  const attempts = loaders.batch<WebhookAttemptRow[]>('webhook_attempt', async (keys) => {
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
}

/** How many decimal places a currency of the tenant's own has. Whoever may see an amount may know it. */
export async function exponentOf(loaders: Loaders, currency: string): Promise<number> {
  const { db, caller } = loaders
  const exponents = loaders.batch<number>('currency.code', async (codes) => {
    const found = await readRows<CurrencyRow>(db, 'currency', [ofTenant(caller), oneOf('code', codes)])
    const map = new Map(found.map(({ code, exponent }) => [code, exponent]))
    return codes.map((code) => map.get(code) ?? null)
  })
  const exponent = await exponents.load(currency)
  if (exponent === null) throw new Error(`unknown currency ${currency}`)
  return exponent
}

/** What happened to a checkout or payment, oldest first. */
export async function timelineOf(
  loaders: Loaders,
  tenantId: string,
  column: 'topic_id' | 'entity_id',
  id: string,
): Promise<EventRow[]> {
  const { db } = loaders
  const timelines = loaders.batch<EventRow[]>(`timeline.${column}`, async (keys) => {
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
}

/** The steps of the transaction of a checkout, oldest first. */
export async function stepsOf(loaders: Loaders, tenantId: string, checkoutId: string): Promise<EventRow[]> {
  const { db } = loaders
  const steps = loaders.batch<EventRow[]>('steps', async (keys) => {
    const found = await db.query<EventRow>(
      'checkouts.steps',
      `SELECT found.* FROM unnest($2::uuid[]) AS parent (id) CROSS JOIN LATERAL (
         SELECT e.* FROM event AS e WHERE e.tenant_id = $1 AND e.topic_id = parent.id AND e.payload ? 'status'
         ORDER BY e.cursor LIMIT ${STEPS_AT_MOST}) AS found
       ORDER BY found.cursor`,
      [tenantId, keys],
    )
    return keys.map((key) => found.filter((event) => event.topicId === key))
  })
  return (await steps.load(checkoutId)) ?? []
}

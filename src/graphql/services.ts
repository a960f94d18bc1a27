import type { Kept } from '../catalog/service.ts'
import type { Database } from '../db/database.ts'
import type { TransactionState } from '../db/generated/enums.ts'
import type { Group, Wanted } from '../db/groups.ts'
import type { EventRow, LedgerTransactionRow } from '../db/rows.ts'
import type { TransactionType } from '../events/catalogue.ts'
import type { AddressLimit } from '../http/address-limit.ts'
import type { Actor, Call, Caller, Done } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Money } from '../kernel/money.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import type { AccountDimension, EntryDimension, TransactionDimension } from '../ledger/stats.ts'
import type { ClaimRequest } from '../organizations/claims.ts'
import type { Verdict } from '../organizations/client-authentication.ts'
import type { Allowance, Permit } from '../organizations/rate-limit.ts'
import type { TestClock } from '../organizations/test-clock.ts'
import type { PaymentDimension, PaymentSum, RevenueDimension, RevenueSum } from '../payments/stats.ts'
import type { TopicKind } from '../payments/status.ts'
import type { Fault } from '../providers/faults.ts'
import type { Providers } from '../providers/providers.ts'
import type { Counters, Notification } from '../reconciliation/attention.ts'
import type { SubscriptionStat, WantedSubscriptionStats } from '../subscriptions/stats.ts'

type Verb = (call: Call, input: unknown) => Promise<Done>
/** A posting answers with its row, where it has just been written. */
export type Posted = Done & { readonly row?: LedgerTransactionRow | undefined }
type Posting = (call: Call, input: unknown) => Promise<Posted>
/** A change of a user says which of their keys it ended. */
type EndingKeys = (call: Call, input: unknown) => Promise<Done & { readonly endedKeyIds: readonly string[] }>

/** A product may be told with a warning. */
type ProductVerb = (call: Call, input: unknown) => Promise<Kept>

/** What the API asks of the house: the parts of the App that resolvers may reach. */
export interface Services {
  readonly db: Database
  readonly providers: Providers
  readonly log: {
    error(facts: object, message: string): void
    warn(facts: object, message: string): void
    debug(facts: object, message: string): void
  }
  readonly access: { authenticate(credential: string | undefined, requestId: string): Promise<Caller | 'invalid'> }
  readonly clock: Clock
  readonly clocks: { now(tenantId: string): Promise<Date> }
  readonly rateLimits: { take(allowance: Allowance): Promise<Permit> }
  readonly addressLimit: AddressLimit
  readonly clientAuthentication: {
    check(actor: Actor, url: string, token: string | undefined, actions: readonly string[]): Promise<Verdict>
    set: Verb
    urlOf(tenantId: string): Promise<string | null>
  }
  readonly idempotency: { once<Answer extends Done>(call: Call, work: () => Promise<Answer>): Promise<Answer | Done> }
  readonly preflight: { ask(call: Call, input: object): Promise<void> }
  readonly products: { create: ProductVerb; update: ProductVerb; remove: Verb; restore: Verb }
  readonly customers: { create: Verb; update: Verb; remove: Verb; restore: Verb; merge: Verb }
  readonly checkouts: {
    create: Verb
    cancel: Verb
    retry: Verb
    simulate: Verb
    acceptPayment: Verb
    setUniqueReferences: Verb
    areReferencesUnique(tenantId: string): Promise<boolean>
    clientSecret(checkoutId: string): string
    /** Follows a checkout at its provider while somebody looks at it; the answer ends it. */
    watch(tenantId: string, checkoutId: string): () => void
  }
  readonly inbox: { verify(actor: Actor, input: unknown): Promise<{ verified: boolean; reason?: string }> }
  readonly subscriptions: {
    /** Answers with the page on which the customer cancels, where only they can. */
    cancel(call: Call, input: unknown): Promise<Done & { url?: string | undefined }>
    forceCancel: Verb
    executeTestBilling: Verb
    reportUsage: Verb
    simulate: Verb
    stats(wanted: WantedSubscriptionStats): Promise<SubscriptionStat[]>
  }
  readonly refunds: { create: Verb; approve: Verb; refuse: Verb; request: Verb; record: Verb }
  readonly users: { create: Verb; update: EndingKeys; remove: EndingKeys }
  readonly claims: {
    request: Verb
    trigger: Verb
    settle: Verb
    find(actor: Actor, userId: string): Promise<ClaimRequest | undefined>
  }
  readonly faults: {
    inject: Verb
    clear: Verb
    list(actor: Actor, provider: ProviderName): Promise<readonly Fault[]>
  }
  readonly sandbox: { reset: Verb }
  readonly testClock: { advance: Verb; read(tenantId: string): Promise<TestClock> }
  readonly keys: {
    create(call: Call, input: unknown): Promise<Done & { secret?: string | undefined }>
    update: Verb
    remove: Verb
  }
  readonly attention: {
    counters(tenantId: string, timezone?: string): Promise<Counters>
    notifications(tenantId: string, show: (at: Date) => string): Promise<Notification[]>
  }
  readonly removal: {
    request: (call: Call) => Promise<Done & { dueAt?: Date | undefined }>
    cancel: (call: Call) => Promise<Done>
    dueAt(tenantId: string): Promise<Date | null>
  }
  readonly webhooks: {
    create(call: Call, input: unknown): Promise<Done & { secret?: string | undefined }>
    update: Verb
    remove: Verb
    rotate(call: Call, input: unknown): Promise<Done & { secret?: string | undefined }>
    redeliver(call: Call, input: unknown): Promise<Done & { next?: string | undefined }>
    /** What messages to the webhook addresses of the tenant's checkouts are signed with. */
    checkoutSecret(tenantId: string): string
  }
  readonly connections: { list(tenantId: string): Promise<readonly Connection[]>; connect: Verb }
  readonly payments: Statuses & {
    stats(wanted: Wanted<PaymentDimension>): Promise<Group<PaymentDimension, PaymentSum>[]>
    revenue(wanted: Wanted<RevenueDimension>): Promise<Group<RevenueDimension, RevenueSum>[]>
  }
  readonly accounts: { create: Verb; update: Verb; freeze: Verb; unfreeze: Verb }
  readonly currencies: { create: Verb; setRate: Verb }
  readonly transactions: { create: Posting; fund: Posting }
  readonly holds: { create: Verb; update: Verb; complete: Verb; decline: Verb }
  readonly returns: { rollback: Verb; refund: Verb }
  readonly ledger: {
    proof(tenantId: string): Promise<Proof>
    totals(tenantId: string): Promise<readonly Money[]>
    balancesAt(tenantId: string, accountIds: readonly string[], at: Date): Promise<bigint[]>
    accountStats(wanted: Wanted<AccountDimension>): Promise<Group<AccountDimension, 'balance' | 'held' | 'available'>[]>
    transactionStats(wanted: Wanted<TransactionDimension>): Promise<Group<TransactionDimension, 'total' | 'refunded'>[]>
    entryStats(wanted: Wanted<EntryDimension>): Promise<Group<EntryDimension, 'received' | 'paid' | 'net'>[]>
  }
  readonly stream: { follow(wanted: Follow): AsyncIterableIterator<EventRow> }
}

export interface Topic {
  readonly tenantId: string
  readonly topicId: string
}

export interface Statuses {
  status(topic: Topic): Promise<StatusView | undefined>
  statusFrom(event: EventRow): StatusView | undefined
  topic(kind: TopicKind, id: string, tenantId?: string): Promise<Topic | undefined>
}

export interface Follow {
  readonly tenantId: string
  readonly after?: bigint
  readonly types?: readonly string[]
  readonly topicId?: string
}

/** One step of a transaction as its status page shows it. */
export interface StatusView {
  readonly topicId: string
  readonly type: TransactionType
  readonly state: TransactionState
  readonly final: boolean
  readonly transactionHash?: string
  readonly message?: string
  readonly at: Date
  readonly eventId: string
  readonly sequence: number
}

/** A provider as the tenant is connected to it. */
export interface Connection {
  readonly provider: ProviderName
  readonly capabilities: readonly string[]
  readonly baseUrl: string
  readonly notificationUrl: string
  /** Test mode: where the simulator is and what its SDK needs to reach it. */
  readonly sandbox?: { readonly url: string; readonly credentials: Readonly<Record<string, string>> } | undefined
  health(): Promise<'UP' | 'DOWN'>
}

export interface Proof {
  readonly balanced: boolean
  readonly accountsChecked: number
  readonly entriesChecked: bigint
  readonly breaks: readonly {
    readonly kind: string
    readonly message: string
    readonly accountId?: string
    readonly transactionId?: string
  }[]
  readonly head: string
  readonly checkedAt: Date
}

import type { Logger } from 'pino'
import { accountingService } from './accounting/service.ts'
import { reachOf } from './app/reach.ts'
import { openSimulators } from './app/simulators.ts'
import { productService } from './catalog/service.ts'
import { paymentAcceptance } from './checkouts/acceptance.ts'
import { checkoutOpening } from './checkouts/opening.ts'
import { checkoutProgress } from './checkouts/progress.ts'
import { checkoutService } from './checkouts/service.ts'
import { checkoutWatcher } from './checkouts/watcher.ts'
import { customerService } from './customers/service.ts'
import type { ConnectedDatabase } from './db/connect.ts'
import { openDatabase } from './db/database.ts'
import { openStream } from './events/stream.ts'
import { addressLimit } from './http/address-limit.ts'
import { inboxService } from './inbox/service.ts'
import { deliverFrom } from './inbox/simulated.ts'
import { webhookVerification } from './inbox/verification.ts'
import { type Schedule, untilIdle } from './jobs/schedule.ts'
import { createSchedules } from './jobs/schedules.ts'
import { clockTurning } from './jobs/test-clock.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import type { ProviderName } from './kernel/provider-name.ts'
import { accountService } from './ledger/accounts.ts'
import { currencyService } from './ledger/currencies.ts'
import { holdService } from './ledger/holds.ts'
import { planning } from './ledger/planning.ts'
import { totals } from './ledger/proof.ts'
import { postingQueue } from './ledger/queue.ts'
import { returnService } from './ledger/returns.ts'
import { sealService } from './ledger/seal.ts'
import { ledgerStats } from './ledger/stats.ts'
import { transactionService } from './ledger/transactions.ts'
import { accessService } from './organizations/access.ts'
import { claimFundsService } from './organizations/claim-funds.ts'
import { claimService } from './organizations/claims.ts'
import { clientAuthentication } from './organizations/client-authentication.ts'
import { clocksOf } from './organizations/clocks.ts'
import { dataExportService } from './organizations/data-export.ts'
import { erasureService } from './organizations/erasure.ts'
import { keyService } from './organizations/keys.ts'
import { rateLimits } from './organizations/rate-limit.ts'
import { removalService } from './organizations/removal.ts'
import { testClockService } from './organizations/test-clock.ts'
import { userService } from './organizations/users.ts'
import type { GuardedFetch } from './outbound/guarded-fetch.ts'
import type { OpenSocket } from './outbound/guarded-socket.ts'
import { paymentStats } from './payments/stats.ts'
import { statusService } from './payments/status.ts'
import { capabilityService } from './providers/capabilities.ts'
import { providerCircuits } from './providers/circuit.ts'
import { connecting } from './providers/connecting.ts'
import { connectionService } from './providers/connections.ts'
import { faultService } from './providers/fault-service.ts'
import { PROVIDERS, type Providers } from './providers/providers.ts'
import { providerRegistry } from './providers/registry.ts'
import { attentionService } from './reconciliation/attention.ts'
import { checkoutReconciliation } from './reconciliation/checkouts.ts'
import { paymentReconciliation } from './reconciliation/payments.ts'
import { proofService } from './reconciliation/proof.ts'
import { refundReconciliation } from './reconciliation/refunds.ts'
import { sandboxReset } from './reconciliation/reset.ts'
import { subscriptionReconciliation } from './reconciliation/subscriptions.ts'
import { refundAnswering } from './refunds/answering.ts'
import { refundProgress } from './refunds/progress.ts'
import { refundRecording } from './refunds/recording.ts'
import { refundService } from './refunds/service.ts'
import { subscriptionProgress } from './subscriptions/progress.ts'
import { subscriptionService } from './subscriptions/service.ts'
import { usageReporting } from './subscriptions/usage.ts'
import { deliveryService } from './webhooks/deliveries.ts'
import { preflightService } from './webhooks/preflight.ts'
import { redeliveryService } from './webhooks/redelivery.ts'
import { webhookService } from './webhooks/service.ts'
import { tenantWebhookSecret } from './webhooks/signature.ts'
import { idempotencyService } from './work/once.ts'

export interface AppParts {
  readonly poolSize?: number
  readonly database: Pick<ConnectedDatabase, 'url' | 'sessionUrl'>
  /** Where browsers and providers reach us, without a slash at the end. */
  readonly publicUrl: string
  /** Where this process listens, for the sockets that it opens to its own simulators. */
  readonly localUrl: string
  /** 32 bytes. */
  readonly secretKey: Uint8Array
  /** How addresses that users name are asked. */
  readonly outbound: GuardedFetch
  /** The same for WebSockets. */
  readonly openSocket: OpenSocket
  readonly log: Logger
  readonly clock?: Clock
  /** Which providers there are, each with its adapter and its simulator; those of the product where nothing is said. */
  readonly providers?: Providers | undefined
}

export type App = Awaited<ReturnType<typeof createApp>>

/** Every part of the house, built once and handed what it needs. */
export async function createApp(parts: AppParts) {
  const {
    publicUrl,
    localUrl,
    secretKey,
    outbound,
    openSocket,
    log,
    clock = systemClock,
    providers = PROVIDERS,
  } = parts
  const db = openDatabase(parts.database.url, {
    poolSize: parts.poolSize,
    sessionUrl: parts.database.sessionUrl,
  })
  const clocks = clocksOf(db, clock)
  const deliveries = deliveryService({ db, clock, secretKey, outbound, log })
  const stream = await openStream(db, {
    onError: (error) => log.warn({ err: error }, 'reading the event stream failed'),
    onDeliveries: deliveries.wake,
  }).catch(async (error) => {
    await db.close()
    throw error
  })
  const access = accessService({ db, clock, secretKey })

  const simulators = openSimulators({
    providers,
    db,
    clock,
    clocks,
    secretKey,
    publicUrl,
    log,
    send: (url, init) =>
      deliverFrom({ publicUrl, outbound, receive: (received) => inbox.receive(received) }, url, init),
  })
  const reach = reachOf({ providers, publicUrl, localUrl, outbound, openSocket, simulators })
  const registry = providerRegistry(db, { providers, secretKey, circuits: providerCircuits({ clock, log }), reach })
  const idempotency = idempotencyService({ db, clock })
  const notifyUrl = (provider: string, connectionId: string) =>
    `${publicUrl}/inbox/${provider.toLowerCase()}/${connectionId}`
  const provision = async (provider: ProviderName, tenantId: string, name: string) =>
    simulators.of(provider)?.provision(tenantId, name)
  const connections = {
    ...connectionService({ db, registry, secretKey, notifyUrl, provision }),
    ...connecting({
      db,
      clock,
      clocks,
      registry,
      secretKey,
      isAnswered: idempotency.isAnswered,
      provision,
    }),
  }

  const capabilities = capabilityService({ db, clock, registry, log })
  const opening = checkoutOpening({ db, clocks, registry, capabilities, notifyUrl })
  const subscriptionsProgress = subscriptionProgress({ db, clocks, registry })
  const progress = checkoutProgress({ db, clocks, registry, subscriptions: subscriptionsProgress })
  const watcher = checkoutWatcher({ db, registry, progress, log })
  const refundsProgress = refundProgress({ db, clocks, registry })
  const refundsAnswering = refundAnswering({ db, clocks, registry, progress: refundsProgress })
  const refundParts = { db, clocks, registry, progress: refundsProgress, answering: refundsAnswering }
  const refundsReconciliation = refundReconciliation({ ...refundParts, clock, capabilities, log })
  const subscriptionParts = { db, clock, clocks, registry, progress: subscriptionsProgress }
  const usage = usageReporting(subscriptionParts)
  const facts = {
    db,
    clocks,
    registry,
    checkouts: progress,
    subscriptions: subscriptionsProgress,
    refunds: refundsProgress,
  }
  const inbox = inboxService({ db, clock, registry, facts, log })

  const currencies = currencyService({ db, clocks })
  const plan = planning({ db, clocks, currencies })
  const seals = sealService({ db, clock })
  const queue = postingQueue(db, clock)
  const limits = rateLimits({ db, clock })

  const house = {
    providers,
    db,
    log,
    clock,
    clocks,
    stream,
    access,
    idempotency,
    preflight: preflightService({ db, clock, secretKey, fetch: outbound, isAnswered: idempotency.isAnswered, log }),
    connections,
    capabilities,
    products: productService({ db, clocks }),
    customers: customerService({ db, clocks }),
    checkouts: {
      ...checkoutService({ db, clocks, registry, capabilities, opening }),
      clientSecret: (checkoutId: string) => access.clientSecret(checkoutId),
      watch: watcher.watch,
      acceptPayment: paymentAcceptance({ db, clocks }).accept,
    },
    subscriptions: {
      ...subscriptionService(subscriptionParts),
      ...subscriptionReconciliation({ ...subscriptionParts, usage, log }),
      reportUsage: usage.report,
    },
    refunds: { ...refundService(refundParts), ...refundRecording({ db, clocks }), ...refundsReconciliation },
    accounting: accountingService({ db }),
    keys: keyService({ db, clock, clocks }),
    rateLimits: limits,
    addressLimit: addressLimit(),
    clientAuthentication: clientAuthentication({ db, clock, clocks, outbound }),
    exports: dataExportService({ db, clocks }),
    attention: attentionService({ db, clock }),
    removal: { ...removalService({ db, clocks }), ...erasureService({ db, clock, log, sealAll: seals.sealAll }) },
    webhooks: {
      ...webhookService({ db, clocks, secretKey }),
      ...redeliveryService({ db, clocks }),
      checkoutSecret: (tenantId: string) => tenantWebhookSecret(secretKey, tenantId),
      due: deliveries,
      deliverDue: deliveries.look,
      idle: deliveries.idle,
    },
    users: userService({ db, clocks }),
    claims: { ...claimService({ db, clocks, secretKey, publicUrl }), ...claimFundsService({ db, clock, clocks, log }) },
    faults: faultService({ db, clocks, registry }),
    payments: {
      ...statusService({ db }),
      ...paymentStats(db),
      ...paymentReconciliation({ ...facts, clock, capabilities, log }),
    },
    accounts: accountService({ db, clocks, currencies }),
    currencies,
    transactions: transactionService({ plan, queue }),
    holds: holdService({ db, clock, clocks, currencies, plan, log }),
    returns: returnService({ db, clocks, currencies, plan }),
    ledger: {
      ...seals,
      ...proofService({ db, clocks }),
      totals: (tenantId: string) => totals(db, tenantId),
      ...ledgerStats(db),
    },
    inbox: { ...inbox, ...webhookVerification({ clock, registry }) },
    reconciliation: checkoutReconciliation({ db, clock, clocks, registry, capabilities, opening, progress, log }),
    /** Connects the test tenants that are not connected yet with the simulators. */
    connectSandboxes: () => connections.connectSandboxes(simulators.names, clock.now()),
    sandbox: {
      simulators: simulators.byPath,
      runDue: simulators.runDue,
      ...sandboxReset({ db, clocks, registry }),
    },
    /** Answers that were kept for repeats are forgotten once they have expired, and what was counted in past windows. */
    async forgetExpired(): Promise<void> {
      await db.prisma.idempotencyRecord.deleteMany({ where: { expiresAt: { lt: clock.now() } } })
      await limits.forgetWindows()
    },
  }

  const schedules = createSchedules(house)
  const turning = clockTurning({ db, clock, clocks, schedules, log })

  return {
    ...house,
    schedules: [...schedules, { name: 'test clock', everyMs: 1_000, run: () => turning.turnDue() }] as Schedule[],
    testClock: testClockService({ db, clocks, begin: turning.begin }),
    async close(): Promise<void> {
      watcher.close()
      await turning.close()
      // A notification that came last may still be being applied.
      const { reconciliation, subscriptions, refunds, payments } = house
      const atProviders = [reconciliation.due, subscriptions.due, subscriptions.reporting, refunds.due, refunds.looking]
      const working = [inbox.due, ...atProviders, payments.looking, deliveries]
      await Promise.all(working.map((due) => due.close()))
      await untilIdle(schedules, log)
      await simulators.close()
      await stream.close()
      await db.close()
    },
  }
}

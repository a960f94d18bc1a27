import type { Database } from '../db/database.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { ClockReading, Clocks } from '../kernel/clock.ts'
import { bringsMoney, isFinal, isMoving, isSettled } from '../payments/payment.ts'
import type { CheckoutFact, ProviderStatus } from '../providers/port/facts.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { transact } from '../work/work.ts'
import { applyToCheckout, type CheckoutDecision } from './apply.ts'
import { hasFailedAttempt, recurs } from './checkout.ts'

/** Asking a provider about a checkout: what it says becomes a fact, and is applied as one. */

export type CheckoutProgress = ReturnType<typeof checkoutProgress>

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly subscriptions: SubscriptionProgress
}

/** What was read already on the way to a checkout. */
export interface Known {
  readonly connected?: Connected
  readonly clock?: ClockReading
}

/** Reads what belongs to a status from the provider. */
function factReader({ registry, subscriptions }: Pick<Deps, 'registry' | 'subscriptions'>) {
  /** A status with all that the provider has to it. It is asked here, since nothing is asked while the row is locked. */
  async function factOf(
    checkout: CheckoutRow,
    status: ProviderStatus,
    source = () => connectedOf(checkout),
  ): Promise<CheckoutFact> {
    const { externalId } = checkout
    if (externalId === null) throw new Error(`checkout ${checkout.id} was never opened`)
    const { checkouts, status: reader } = await source()
    const again = checkouts?.triesAgain && { mayBeAnother: true }
    const fact = { noun: 'CHECKOUT', proof: true, checkout: externalId, status, ...again } as const
    const settled = isSettled(status.state)
    if (recurs(checkout) && settled) return { ...fact, ...(await startOf(checkout)) }
    const isPaid = !recurs(checkout) && bringsMoney(status.state)
    const received = isPaid ? await reader?.payment(externalId) : undefined
    if (received) return { ...fact, received }
    // Who tried to pay: the page had asked for them before the payment came to nothing.
    const tried = isFinal(status.state) && !settled && checkout.customerId === null
    const customer = tried ? await reader?.customer?.(externalId, checkout.kind) : undefined
    return { ...fact, ...(customer && { customer }) }
  }

  async function startOf(checkout: CheckoutRow): Promise<Pick<CheckoutFact, 'began' | 'customer'>> {
    const began = await subscriptions.read(checkout)
    const customer = checkout.customerId === null ? await subscriptions.customer(checkout) : undefined
    return { began, ...(customer && { customer }) }
  }

  const connectedOf = ({ tenantId, provider }: CheckoutRow) => registry.connected(tenantId, provider)

  return { factOf, connectedOf }
}

export function checkoutProgress({ db, clocks, registry, subscriptions }: Deps) {
  const { factOf, connectedOf } = factReader({ registry, subscriptions })

  async function apply(
    checkout: CheckoutRow,
    fact: CheckoutFact | CheckoutDecision,
    { clock }: Known = {},
  ): Promise<void> {
    const change = { tenantId: checkout.tenantId, at: await clocks.now(clock ?? checkout.tenantId) }
    await transact(db, change, (work) => applyToCheckout(work, checkout, fact))
  }

  /** Applies where a provider says that a checkout stands. */
  async function observe(checkout: CheckoutRow, status: ProviderStatus): Promise<void> {
    await apply(checkout, await factOf(checkout, status))
  }

  /** Asks the provider where a checkout stands, and applies it. Undefined when nobody has begun to pay there. */
  async function refresh(checkout: CheckoutRow, known: Known = {}): Promise<ProviderStatus | undefined> {
    const connected = known.connected ?? (await connectedOf(checkout))
    const { status } = connected
    if (!status || checkout.externalId === null) return undefined
    const seen = await status.lookup(checkout.externalId, checkout.kind)
    if (seen) await apply(checkout, await factOf(checkout, seen, async () => connected), known)
    return seen
  }

  return {
    apply,
    observe,
    refresh,

    /** Applies what the provider has told of a checkout. A step after an attempt that failed may be old: then it is asked. */
    async hear(checkout: CheckoutRow, fact: CheckoutFact, known: Known = {}): Promise<void> {
      const mayBeOld = hasFailedAttempt(checkout) && isMoving(fact.status.state)
      await (mayBeOld ? refresh(checkout, known) : apply(checkout, fact, known))
    },
  }
}

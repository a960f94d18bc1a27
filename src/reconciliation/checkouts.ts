import type { Logger } from 'pino'
import { isBeingOpened, isBeingPaidSql, isOpenSql, isOver, likelyToBePaid } from '../checkouts/checkout.ts'
import type { CheckoutOpening } from '../checkouts/opening.ts'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import { earlierPages } from '../checkouts/sessions.ts'
import type { Database } from '../db/database.ts'
import { dueWork } from '../db/due-work.ts'
import type { CheckoutRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue } from '../db/take-due.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { isFinal, mayBeTriedAgain } from '../payments/payment.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import type { ProviderStatus } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'

/** Doubt about a checkout, resolved by asking its provider. */

const AT_ONCE = 32
/** Of one connection: a provider that is slow holds up nobody else. */
const AT_ONCE_PER_SHARE = 8
/** What is in doubt, or on its way, is asked about soon, and then less and less often. */
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
const LONGEST_ON_ITS_WAY_SECONDS = 60
/** An open page is asked about by what is at stake: while it is new, and when it is about to expire. */
const AT_STAKE_SECONDS = 60
const QUIET_SECONDS = 600
/** For so long a page rests whose payment is seen in the list of payments: after a third of its age, at most. */
const LONGEST_QUIET_SECONDS = 7_200

/** A trial and a subscription that bills usage begin without a payment, and some servers have no list. */
const PAYMENT_IS_LISTED = `(r.kind = 'PAYMENT' OR (r.kind = 'SUBSCRIPTION' AND r.trial_value IS NULL))
  AND EXISTS (SELECT FROM provider_connection c WHERE c.tenant_id = r.tenant_id AND c.provider = r.provider
    AND 'PAYMENT_LIST' <> ALL (c.missing_capabilities))`
const AGE_SECONDS = 'extract(epoch FROM taken.now - r.created_at)'
const UNTIL_AT_STAKE_SECONDS = `extract(epoch FROM r.expires_at - interval '15 minutes' - taken.now)`

const BACKOFF = (most: number) => `least(${FIRST_WAIT_SECONDS} * power(2, least(r.checks, 12)), ${most})`

const WAIT = `CASE
  WHEN ${isBeingPaidSql('r')} THEN ${BACKOFF(LONGEST_ON_ITS_WAY_SECONDS)}
  WHEN NOT ${isOpenSql('r')} THEN ${BACKOFF(LONGEST_WAIT_SECONDS)}
  WHEN ${likelyToBePaid('r', 'taken.now')} THEN ${AT_STAKE_SECONDS}
  WHEN ${PAYMENT_IS_LISTED}
    THEN least(greatest(${QUIET_SECONDS}, ${AGE_SECONDS} / 3), ${LONGEST_QUIET_SECONDS}, ${UNTIL_AT_STAKE_SECONDS})
  ELSE ${QUIET_SECONDS} END`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly opening: CheckoutOpening
  readonly progress: CheckoutProgress
  readonly log: Logger
}

export function checkoutReconciliation(deps: Deps) {
  const { db, clock, clocks, registry, capabilities, opening, progress, log } = deps

  async function expire(checkout: CheckoutRow, seen: ProviderStatus | undefined): Promise<void> {
    // Of a server without the route it would be no news that it tells of no payment.
    const connected = await registry.connected(checkout.tenantId, checkout.provider)
    if (!seen && (await capabilities.lacksNow(connected, 'STATUS'))) return
    await progress.observe(checkout, { state: 'EXPIRED' })
  }

  async function resolve(checkout: Taken<CheckoutRow>): Promise<void> {
    if (isBeingOpened(checkout.status)) {
      await opening.open(checkout)
      return
    }
    for (const page of await earlierPages(db, checkout)) await progress.refresh(page, { clock: checkout })
    const seen = await progress.refresh(checkout, { clock: checkout })
    const expired = checkout.expiresAt <= (await clocks.now(checkout))
    if (!expired || (seen && !isFinal(seen.state))) return
    if (!isOver(checkout.status) && (!seen || mayBeTriedAgain(seen.state))) return expire(checkout, seen)
    // The link has ended at the provider too: no money can come over it any more.
    const { checks } = checkout
    await progress.apply(checkout, { noun: 'CHECKOUT', decision: 'STOP_CHECKS', checks })
  }

  /**
   * An open page is asked about each minute in its first quarter of an hour and its last, and when it expires. In
   * between that it was paid is found by looking at what came in, and the page itself is asked about less and less often.
   */
  const due = dueWork<Taken<CheckoutRow>>(
    { db, clock, log },
    {
      table: 'checkout',
      atOnce: AT_ONCE,
      perShare: AT_ONCE_PER_SHARE,
      shareOf,
      take: takeDue(
        db,
        {
          table: 'checkout',
          at: 'next_check_at',
          clock: 'tenant',
          set: `checks = r.checks + 1, next_check_at = least(
            taken.now + (${WAIT}) * interval '1 second',
            CASE WHEN r.expires_at > taken.now THEN r.expires_at END)`,
        },
        [],
      ),
      work: resolve,
    },
  )

  return {
    /** Checkouts that are due on their tenant's clock are asked about by this. */
    due,

    /** Asks about every checkout that is due. Answers about how many it was done. */
    resolveDue: due.run,
  }
}

import { accountingService } from '../accounting/service.ts'
import { productService } from '../catalog/service.ts'
import { paymentAcceptance } from '../checkouts/acceptance.ts'
import { checkoutOpening } from '../checkouts/opening.ts'
import { checkoutProgress } from '../checkouts/progress.ts'
import { checkoutReferences } from '../checkouts/references.ts'
import { checkoutService } from '../checkouts/service.ts'
import { checkoutWatcher } from '../checkouts/watcher.ts'
import { customerService } from '../customers/service.ts'
import { inboxService } from '../inbox/service.ts'
import { webhookVerification } from '../inbox/verification.ts'
import { paymentStats } from '../payments/stats.ts'
import { statusService } from '../payments/status.ts'
import { checkoutReconciliation } from '../reconciliation/checkouts.ts'
import { paymentReconciliation } from '../reconciliation/payments.ts'
import { refundReconciliation } from '../reconciliation/refunds.ts'
import { sandboxReset } from '../reconciliation/reset.ts'
import { subscriptionReconciliation } from '../reconciliation/subscriptions.ts'
import { refundAnswering } from '../refunds/answering.ts'
import { refundIssuance } from '../refunds/issuing.ts'
import { refundProgress } from '../refunds/progress.ts'
import { refundRecording } from '../refunds/recording.ts'
import { refundService } from '../refunds/service.ts'
import { subscriptionProgress } from '../subscriptions/progress.ts'
import { subscriptionService } from '../subscriptions/service.ts'
import { subscriptionStats } from '../subscriptions/stats.ts'
import { usageReporting } from '../subscriptions/usage.ts'
import type { Base } from './base.ts'
import type { Connected } from './connected.ts'

/** What is sold, to whom, how it is paid, and what providers tell of it. */
export function salesParts(base: Base, connected: Connected) {
  const given = { ...base, ...connected }
  const subscriptions = subscriptionProgress(given)
  const checkouts = checkoutProgress({ ...given, subscriptions })
  const refunds = refundProgress(given)
  const facts = { ...given, checkouts, subscriptions, refunds }

  const opening = checkoutOpening(given)
  const watcher = checkoutWatcher({ ...given, progress: checkouts })
  const usage = usageReporting({ ...given, progress: subscriptions })
  const asked = { ...given, progress: refunds }
  const issuing = refundIssuance(asked)
  const refundParts = { ...asked, answering: refundAnswering(asked), issuing }
  return {
    watcher,
    products: productService(given),
    customers: customerService(base),
    checkouts: {
      ...checkoutService({ ...given, opening }),
      clientSecret: (checkoutId: string) => base.access.clientSecret(checkoutId),
      watch: watcher.watch,
      acceptPayment: paymentAcceptance(base).accept,
      ...checkoutReferences(base),
    },
    subscriptions: {
      ...subscriptionService({ ...given, progress: subscriptions }),
      ...subscriptionStats(base.db),
      ...subscriptionReconciliation({ ...given, progress: subscriptions, usage }),
      reportUsage: usage.report,
    },
    refunds: {
      ...refundService(refundParts),
      create: issuing.create,
      ...refundRecording(base),
      ...refundReconciliation(refundParts),
    },
    payments: { ...statusService(base), ...paymentStats(base.db), ...paymentReconciliation(facts) },
    accounting: accountingService(base),
    inbox: { ...inboxService({ ...given, facts }), ...webhookVerification(given) },
    reconciliation: checkoutReconciliation({ ...given, opening, progress: checkouts }),
    reset: sandboxReset(given),
  }
}

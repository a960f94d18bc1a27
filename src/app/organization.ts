import { claimFundsService } from '../organizations/claim-funds.ts'
import { claimService } from '../organizations/claims.ts'
import { clientAuthentication } from '../organizations/client-authentication.ts'
import { dataExportService } from '../organizations/data-export.ts'
import { erasureService } from '../organizations/erasure.ts'
import { keyService } from '../organizations/keys.ts'
import { rateLimits } from '../organizations/rate-limit.ts'
import { removalService } from '../organizations/removal.ts'
import { userService } from '../organizations/users.ts'
import { attentionService } from '../reconciliation/attention.ts'
import { preflightService } from '../webhooks/preflight.ts'
import { redeliveryService } from '../webhooks/redelivery.ts'
import { webhookService } from '../webhooks/service.ts'
import { tenantWebhookSecret } from '../webhooks/signature.ts'
import type { Base } from './base.ts'

/** What an organization has beside its sales: users, keys, limits, webhooks, its data. */
export function organizationParts(base: Base, sealAll: Parameters<typeof erasureService>[0]['sealAll']) {
  const { secretKey, outbound, deliveries, idempotency } = base
  return {
    users: userService(base),
    keys: keyService(base),
    claims: { ...claimService(base), ...claimFundsService(base) },
    clientAuthentication: clientAuthentication(base),
    rateLimits: rateLimits(base),
    preflight: preflightService({ ...base, fetch: outbound, isAnswered: idempotency.isAnswered }),
    webhooks: {
      ...webhookService(base),
      ...redeliveryService(base),
      checkoutSecret: (tenantId: string) => tenantWebhookSecret(secretKey, tenantId),
      due: deliveries,
      deliverDue: deliveries.look,
      idle: deliveries.idle,
    },
    exports: dataExportService(base),
    attention: attentionService(base),
    removal: { ...removalService(base), ...erasureService({ ...base, sealAll }) },
  }
}

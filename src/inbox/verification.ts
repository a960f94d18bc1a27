import { z } from 'zod'
import type { Actor } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { optional } from '../kernel/input.ts'
import { providerName } from '../kernel/provider-name.ts'
import { validate } from '../kernel/validate.ts'
import { ForgedNotification } from '../providers/errors.ts'
import type { Registry } from '../providers/registry.ts'

const VerifyWebhook = z.object({
  provider: optional(providerName),
  // The body as it came: nothing is trimmed from it.
  payload: z.string(),
  signature: z.string(),
  // Some providers send none.
  timestamp: optional(z.string()),
})

export interface Verification {
  readonly verified: boolean
  /** Why not. */
  readonly reason?: string
}

export function webhookVerification({ clock, registry }: { clock: Clock; registry: Registry }) {
  return {
    /**
     * Whether a notification that somebody received is the provider's, by the secret of the tenant's own connection
     * and the system's clock, whatever the tenant's test clock shows. The provider is not asked.
     * @throws DomainError UNSUPPORTED for a provider that is not connected, and for every bad field
     */
    async verify({ tenantId }: Actor, input: unknown): Promise<Verification> {
      const { provider, payload: rawBody, signature, timestamp } = validate(VerifyWebhook, input)
      const { notifications } = await registry.able(tenantId, 'notifications', provider)
      try {
        notifications.verify({ rawBody, signature, ...(timestamp !== undefined && { timestamp }) }, clock.now())
        return { verified: true }
      } catch (error) {
        if (!(error instanceof ForgedNotification)) throw error
        return { verified: false, reason: error.message }
      }
    },
  }
}

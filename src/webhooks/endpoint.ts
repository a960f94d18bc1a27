import { z } from 'zod'
import type { WebhookEndpointRow } from '../db/rows.ts'
import { EVENT_TYPES, type EventType } from '../events/catalogue.ts'
import type { WEBHOOK_ENDPOINT } from '../events/objects/organization.ts'
import type { ObjectOf } from '../events/shape.ts'
import type { Mode } from '../kernel/actor.ts'
import type { Problem } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { id, optional, webUrl } from '../kernel/input.ts'

/** Where a tenant wants to hear of its events (EVENT), or to be asked before money moves (PREFLIGHT). */

/** How many of each kind a tenant has at most. Every hook is asked in turn before money moves, so those are few. */
export const ENDPOINTS_AT_MOST = { EVENT: 16, PREFLIGHT: 2 } as const

/** What happens to endpoints is told in `events` alone: no webhook tells of webhooks. */
const SENT_TYPES: readonly string[] = EVENT_TYPES.filter((type) => !type.startsWith('webhook_endpoint.'))

const types = z
  .array(z.string())
  .superRefine((wanted, context) => {
    for (const [index, type] of wanted.entries()) {
      if (SENT_TYPES.includes(type)) continue
      const message = `there is no event type ${type.slice(0, 60)}`
      context.addIssue({ code: 'custom', message, path: [index] })
    }
  })
  .transform((wanted) => [...new Set(wanted as EventType[])])

export const CreateWebhookEndpoint = z
  .object({
    url: webUrl,
    kind: z.enum(['EVENT', 'PREFLIGHT']),
    types: optional(types),
  })
  .superRefine(({ kind, types }, context) => {
    if (kind === 'PREFLIGHT' && types && types.length > 0) {
      context.addIssue({
        code: 'custom',
        message: 'must be left out for a PREFLIGHT endpoint, which receives no events',
        path: ['types'],
      })
    }
  })

export const UpdateWebhookEndpoint = z.object({
  id: id('WebhookEndpoint'),
  url: optional(webUrl),
  types: optional(types),
  active: optional(z.boolean()),
})

export const WebhookEndpointId = z.object({ id: id('WebhookEndpoint') })

/** What is wrong with an address in this mode. Real events go over TLS alone. */
export function addressProblem(mode: Mode, url: string | undefined): Problem | undefined {
  if (mode === 'TEST' || url === undefined || new URL(url).protocol === 'https:') return undefined
  return { code: 'INVALID', message: 'must be an https address in live mode', field: ['url'] }
}

/** The endpoint as events show it. */
export function webhookEndpointObject(endpoint: WebhookEndpointRow): ObjectOf<typeof WEBHOOK_ENDPOINT> {
  const { url, kind, types, active, disabledReason } = endpoint
  return { id: encodeId('WebhookEndpoint', endpoint.id), url, kind, types, active, disabledReason }
}

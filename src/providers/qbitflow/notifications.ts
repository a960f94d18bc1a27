import { createHash } from 'node:crypto'
import type { Notifications } from '../port/notifications.ts'
import type { Connection } from '../port/provider.ts'
import { credential } from './client.ts'
import { canonical, proveSignature, proveSigned } from './signature.ts'
import * as wire from './wire.ts'

const LATER = new Set([
  'executeSubscription',
  'cancelSubscription',
  'cancelPAYGSubscription',
  'increaseAllowance',
  'updateMaxAmount',
])

export function notificationsOf(connection: Connection): Notifications {
  const webhookSecret = credential(connection, 'webhookSecret')
  return {
    prove(headers, rawBody, now) {
      proveSignature(webhookSecret, headers, rawBody, now)
      return createHash('sha256')
        .update(canonical(JSON.parse(rawBody)))
        .digest('hex')
    },
    verify(signed, now) {
      proveSigned(webhookSecret, signed, now)
    },
    read(rawBody) {
      const body: unknown = JSON.parse(rawBody)
      const about = wire.SubscriptionWebhook.safeParse(body)
      if (about.success) return { subscription: wire.bare(about.data.subscriptionUUID) }
      const webhook = wire.TransactionWebhook.safeParse(body)
      if (!webhook.success) return undefined
      const { uuid, txType, status, session, managementPageLink } = webhook.data
      if (txType === 'refund') return { refund: wire.bare(uuid) }
      const managementUrl = managementPageLink || undefined
      // What happens to a subscription later is told with the session that it began with.
      if (LATER.has(txType ?? '')) return { subscription: wire.bare(session?.uuid ?? uuid) }
      return { checkout: wire.bare(uuid), ...(status && { status }), ...(managementUrl && { managementUrl }) }
    },
  }
}

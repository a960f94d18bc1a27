import { createHash } from 'node:crypto'
import type { Fact, ProviderStatus, SubscriptionFact } from '../port/facts.ts'
import type { Notifications } from '../port/notifications.ts'
import type { Connection } from '../port/provider.ts'
import { credential } from './client.ts'
import { canonical, proveSignature, proveSigned } from './signature.ts'
import * as wire from './wire.ts'

/** What happens to a subscription later is told with the session that it began with. */
const LATER = new Set([
  'executeSubscription',
  'cancelSubscription',
  'cancelPAYGSubscription',
  'increaseAllowance',
  'updateMaxAmount',
])
const BEGINS = new Set<string>([wire.TRANSACTION.SUBSCRIPTION[1], wire.TRANSACTION.PAY_AS_YOU_GO[1]])
const STEPS = new Set<ProviderStatus['state']>(['CREATED', 'WAITING_CONFIRMATION', 'PENDING'])

export function notificationsOf(connection: Connection): Notifications {
  const webhookSecret = credential(connection, 'webhookSecret')
  return {
    acknowledgement: { status: 200, body: { received: true } },
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
      if (about.success) return [hint('SUBSCRIPTION', about.data.subscriptionUUID)]
      const webhook = wire.TransactionWebhook.safeParse(body)
      if (!webhook.success) return []
      const { uuid, txType, session } = webhook.data
      if (txType === 'refund') return [hint('REFUND', uuid)]
      if (LATER.has(txType ?? '')) return [hint('SUBSCRIPTION', session?.uuid ?? uuid)]
      return factsOf(webhook.data)
    },
  }
}

/** A step on the way can be taken from the message; the end is read from the provider, with what belongs to it. */
function factsOf({
  uuid,
  txType,
  status,
  managementPageLink,
}: ReturnType<typeof wire.TransactionWebhook.parse>): Fact[] {
  const checkout = wire.bare(uuid)
  if (!status) return [hint('CHECKOUT', uuid)]
  if (STEPS.has(status.state)) return [{ noun: 'CHECKOUT', proof: true, checkout, status }]
  const ended: Fact = { ...hint('CHECKOUT', uuid), status }
  const began = status.state === 'COMPLETED' && BEGINS.has(txType ?? '')
  return began && managementPageLink ? [ended, managedAt(checkout, managementPageLink)] : [ended]
}

function managedAt(subscription: string, managementUrl: string): SubscriptionFact {
  return { noun: 'SUBSCRIPTION', proof: true, subscription, state: { managementUrl }, bills: [] }
}

function hint<Noun extends 'CHECKOUT' | 'SUBSCRIPTION' | 'REFUND'>(noun: Noun, uuid: string) {
  return { noun, proof: false, reference: wire.bare(uuid) } as const
}

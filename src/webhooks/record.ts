import type { Database } from '../db/database.ts'
import { newId } from '../kernel/id.ts'
import { insist } from '../kernel/insist.ts'
import { transact } from '../work/work.ts'
import type { Attempt } from './attempt.ts'
import { webhookEndpointObject } from './endpoint.ts'
import type { Leased } from './lease.ts'
import { givesUpAt, nextTryAt } from './retries.ts'
import { failPending } from './service.ts'

/** Whether a delivery is given up, and sent again only when it is redelivered, as SQL. Nothing can be sent to a deleted endpoint. */
export const HAS_FAILED = `status = 'FAILED' AND NOT EXISTS (SELECT FROM webhook_endpoint AS gone
  WHERE gone.tenant_id = webhook_delivery.tenant_id AND gone.id = webhook_delivery.endpoint_id AND gone.deleted_at IS NOT NULL)`

/**
 * Keeps what came of a try, and when the next one is due, however often it takes to write that down. A receipt counts
 * even if another node has taken the delivery meanwhile; a failure does not, once another try has been recorded. The try
 * is listed in any case. Those behind it, of the same entity, wait as long as it does.
 */
export async function record(db: Database, delivery: Leased, attempt: Attempt): Promise<void> {
  const { now, tries } = delivery
  const until = delivery.givesUpAt ?? givesUpAt(now)
  const over = attempt.delivered || attempt.gone
  const next = over ? undefined : nextTryAt({ number: tries + 1, at: now, givesUpAt: until, wanted: attempt.wanted })
  const status = attempt.delivered ? 'DELIVERED' : next ? 'PENDING' : 'FAILED'
  const values = [
    delivery.tenantId,
    delivery.id,
    tries,
    status,
    next ?? null,
    until,
    attempt.delivered ? now : null,
    delivery.entityId,
    delivery.cursor,
    delivery.placeId,
    newId(),
    now,
    attempt.durationMs,
    attempt.status,
    attempt.error,
    attempt.answer,
  ]
  await insist(() => db.query('webhooks.record', RECORD, values))
}

const RECORD = `
  WITH tried AS (
    UPDATE webhook_delivery
    SET status = $4::"DeliveryStatus", next_attempt_at = $5, gives_up_at = $6, delivered_at = $7, tries = tries + 1, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND next_attempt_at IS NOT NULL AND (tries = $3 OR $4 = 'DELIVERED')
    RETURNING id
  ), waiting AS (
    UPDATE webhook_delivery SET next_attempt_at = $5
    WHERE tenant_id = $1 AND entity_id = $8 AND cursor > $9 AND next_attempt_at < $5
      AND coalesce(endpoint_id, checkout_id) = $10 AND EXISTS (SELECT FROM tried)
  )
  INSERT INTO webhook_attempt (tenant_id, id, delivery_id, at, duration_ms, status, error, answer)
  VALUES ($1, $11, $2, $12, $13, $14, $15, $16)
  ON CONFLICT (tenant_id, id) DO NOTHING`

/** Ends what a receiver does not want any more: the endpoint, or what is left for the address of a checkout. */
export async function endPlace(db: Database, { tenantId, endpointId, checkoutId, now }: Leased): Promise<void> {
  if (endpointId === null) {
    await db.prisma.$executeRaw`
      UPDATE webhook_delivery SET status = 'FAILED', next_attempt_at = NULL, leased_until = NULL
      WHERE tenant_id = ${tenantId}::uuid AND checkout_id = ${checkoutId}::uuid AND next_attempt_at IS NOT NULL`
    return
  }
  await transact(db, { tenantId, at: now }, async (work) => {
    const data = { active: false, disabledReason: GONE, updatedAt: now }
    const { count } = await work.tx.webhookEndpoint.updateMany({
      where: { tenantId, id: endpointId, active: true },
      data,
    })
    await failPending(work.tx, tenantId, endpointId)
    if (count === 0) return
    const endpoint = await work.tx.webhookEndpoint.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id: endpointId } },
    })
    const object = webhookEndpointObject(endpoint)
    work.emit({ type: 'webhook_endpoint.disabled', entityKind: 'WebhookEndpoint', entityId: endpointId, object })
  })
}

const GONE = 'The receiver answered 410: it wants no more webhooks'

import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import type { WebhookEndpointRow } from '../db/rows.ts'
import { eventCursor, placeOf } from '../events/cursor.ts'
import type { Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { invalidState, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { id, optional, refuse, text } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'

/** Sends again what was sent, or for the first time what came before the endpoint. */

/** How many events one request takes. */
export const REDELIVERED_AT_MOST = 10_000

const RedeliverWebhook = z
  .object({
    deliveryId: optional(id('WebhookDelivery')),
    endpointId: optional(id('WebhookEndpoint')),
    since: optional(text(200)),
  })
  .transform(({ deliveryId, endpointId, since }, context) => {
    const place = since === undefined ? 0n : placeOf(since)
    if (place === undefined) refuse(context, 'INVALID', 'must be the cursor of an event', ['since'])
    if ((deliveryId === undefined) === (endpointId === undefined)) {
      const message =
        deliveryId === undefined
          ? '`deliveryId` or `endpointId` is required'
          : '`deliveryId` and `endpointId` cannot be combined'
      refuse(context, 'REQUIRED', message, ['deliveryId'])
    }
    if (deliveryId !== undefined && since !== undefined) {
      refuse(context, 'INVALID', 'can be used only with `endpointId`', ['since'])
    }
    return { deliveryId, endpointId, place: place ?? 0n }
  })

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
}

/** Where there were more events than one request takes, the cursor of the last that was taken. */
export type Redelivered = Done & { readonly next?: string | undefined }

export function redeliveryService({ db, clocks }: Deps) {
  async function one(call: Call, id: string): Promise<Redelivered> {
    const { tenantId } = call.actor
    const now = await clocks.now(call.actor)
    return transactOnce(db, call, now, id, async (work) => {
      const delivery = await work.tx.webhookDelivery.findFirst({ where: { tenantId, id } })
      if (!delivery) throw notFound('WebhookDelivery', ['deliveryId'])
      if (delivery.endpointId) await hearing(work.tx, tenantId, delivery.endpointId, 'deliveryId')
      await work.tx.webhookDelivery.update({
        where: { tenantId_id: { tenantId, id } },
        data: { status: 'PENDING', tries: 0, nextAttemptAt: now, givesUpAt: null, deliveredAt: null },
      })
      await wakeNodes(work.tx)
    })
  }

  async function since(call: Call, endpointId: string, place: bigint): Promise<Redelivered> {
    const { tenantId } = call.actor
    const now = await clocks.now(call.actor)
    const first = await firstOf(db, tenantId, endpointId, place)
    const id = first?.deliveryId ?? newId()
    let next: string | undefined
    const done = await transactOnce(db, call, now, id, async (work) => {
      const { types } = await hearing(work.tx, tenantId, endpointId, 'endpointId')
      const [taken] = await work.tx.$queryRaw<{ count: bigint; cursor: bigint; id: string }[]>`
        WITH taken AS (
          INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, entity_id, cursor, next_attempt_at, created_at)
          SELECT e.tenant_id, CASE e.id WHEN ${first?.eventId ?? null}::uuid THEN ${id}::uuid ELSE new_id() END,
                 ${endpointId}::uuid, e.id, e.entity_id, e.cursor, ${now}, ${now}
          FROM event e
          WHERE e.tenant_id = ${tenantId}::uuid AND e.cursor > ${place} AND e.entity_kind <> 'WebhookEndpoint'
            AND (${types}::text[] = '{}' OR e.type = ANY (${types}::text[]))
          ORDER BY e.cursor LIMIT ${REDELIVERED_AT_MOST}
          ON CONFLICT (tenant_id, event_id, coalesce(endpoint_id, checkout_id)) DO UPDATE
            SET status = 'PENDING', tries = 0, next_attempt_at = excluded.next_attempt_at, gives_up_at = NULL, delivered_at = NULL
          RETURNING event_id, cursor
        )
        SELECT (SELECT count(*) FROM taken) AS count, cursor, event_id AS id FROM taken ORDER BY cursor DESC LIMIT 1`
      next = taken && taken.count >= BigInt(REDELIVERED_AT_MOST) ? eventCursor(taken) : undefined
      await wakeNodes(work.tx)
    })
    return { ...done, next }
  }

  return {
    /**
     * Makes one delivery due again at once, or those of all events of an endpoint's types after a cursor. Their earlier
     * tries stay listed, and 24 hours of tries begin anew.
     */
    async redeliver(call: Call, input: unknown): Promise<Redelivered> {
      const { deliveryId, endpointId, place } = validate(RedeliverWebhook, input)
      if (deliveryId !== undefined) return one(call, deliveryId)
      if (endpointId === undefined) throw new Error('neither a delivery nor an endpoint was named')
      return since(call, endpointId, place)
    },
  }
}

/** The first event that is sent again, and its delivery where it has one. */
async function firstOf(db: Database, tenantId: string, endpointId: string, place: bigint) {
  const [first] = await db.query<{ eventId: string; deliveryId: string | null }>(
    'webhooks.first',
    `SELECT e.id AS event_id, d.id AS delivery_id
     FROM webhook_endpoint w
     JOIN event e ON e.tenant_id = w.tenant_id AND e.cursor > $3 AND e.entity_kind <> 'WebhookEndpoint'
       AND (w.types = '{}' OR e.type = ANY (w.types))
     LEFT JOIN webhook_delivery d ON d.tenant_id = w.tenant_id AND d.event_id = e.id AND d.endpoint_id = w.id
     WHERE w.tenant_id = $1 AND w.id = $2 ORDER BY e.cursor LIMIT 1`,
    [tenantId, endpointId, place],
  )
  return first
}

/** @throws DomainError NOT_FOUND, or INVALID_STATE where the endpoint hears of nothing. */
async function hearing(tx: Transaction, tenantId: string, id: string, field: string): Promise<WebhookEndpointRow> {
  const endpoint = await tx.webhookEndpoint.findFirst({ where: { tenantId, id, deletedAt: null } })
  if (!endpoint) throw notFound('WebhookEndpoint', [field])
  if (endpoint.kind !== 'EVENT') throw invalidState('A PREFLIGHT endpoint receives no events', [field])
  if (!endpoint.active) throw invalidState('The endpoint is disabled', [field])
  return endpoint
}

async function wakeNodes(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT notify_nodes('tollgate_webhooks', '')`
}

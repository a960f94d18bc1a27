import type { Database, Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { WebhookEndpointRow } from '../db/rows.ts'
import type { Call, Done, Mode } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import type { Guard } from '../outbound/guard.ts'
import { refuseAddress } from '../outbound/refusal.ts'
import { transactOnce } from '../work/work.ts'
import {
  addressProblem,
  CreateWebhookEndpoint,
  ENDPOINTS_AT_MOST,
  UpdateWebhookEndpoint,
  WebhookEndpointId,
  webhookEndpointObject,
} from './endpoint.ts'
import { newWebhookSecret, OLD_SECRET_HOURS, sealSecret } from './signature.ts'

const HOUR_MS = 3_600_000

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly secretKey: Uint8Array
  readonly addresses: Pick<Guard, 'check'>
}

/** A signing secret is in the answer to its making and nowhere else, so that a repeat does not have it. */
export type WithSecret = Done & { readonly secret?: string | undefined }

export function webhookService(parts: Deps) {
  return bound(parts, {
    create: createWebhookEndpoint,
    update: updateWebhookEndpoint,
    remove: deleteWebhookEndpoint,
    rotate: rotateWebhookSecret,
  })
}

/** @throws DomainError OUT_OF_RANGE when the tenant has as many of this kind as it may. */
async function createWebhookEndpoint(deps: Deps, call: Call, input: unknown): Promise<WithSecret> {
  const { addresses, clocks, db, secretKey } = deps
  const { url, kind, types = [] } = validate(CreateWebhookEndpoint, input)
  const { tenantId, mode } = call.actor
  refuseUnusable(addresses, mode, url)
  const now = await clocks.now(call.actor)
  const id = newId()
  const secret = newWebhookSecret()
  const done = await transactOnce(db, call, now, id, async (work) => {
    await refuseMany(work.tx, tenantId, kind)
    const endpoint = await work.tx.webhookEndpoint.create({
      data: {
        tenantId,
        id,
        url,
        kind,
        types,
        secret: sealSecret(secretKey, id, secret),
        createdAt: now,
        updatedAt: now,
      },
    })
    const object = webhookEndpointObject(endpoint)
    work.emit({ type: 'webhook_endpoint.created', entityKind: 'WebhookEndpoint', entityId: id, object })
  })
  return done.replayed ? done : { ...done, secret }
}

/** What is on its way to an endpoint that is switched off fails; a redelivery sends it again. */
async function updateWebhookEndpoint({ addresses, clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id, ...wanted } = validate(UpdateWebhookEndpoint, input)
  const { tenantId, mode } = call.actor
  refuseUnusable(addresses, mode, wanted.url)
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    const { kind } = await find(work.tx, tenantId, id)
    if (kind === 'PREFLIGHT' && wanted.types && wanted.types.length > 0) {
      const message = 'must be left out for a PREFLIGHT endpoint, which receives no events'
      throw new DomainError({ code: 'INVALID', message, field: ['types'] })
    }
    const data = { ...wanted, ...(wanted.active && { disabledReason: null }), updatedAt: now }
    const endpoint = await work.tx.webhookEndpoint.update({ where: { tenantId_id: { tenantId, id } }, data })
    if (wanted.active === false) await failPending(work.tx, tenantId, id)
    const object = webhookEndpointObject(endpoint)
    work.emit({ type: 'webhook_endpoint.updated', entityKind: 'WebhookEndpoint', entityId: id, object })
  })
}

async function deleteWebhookEndpoint({ clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(WebhookEndpointId, input)
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    await find(work.tx, tenantId, id)
    const data = { active: false, deletedAt: now, updatedAt: now }
    const endpoint = await work.tx.webhookEndpoint.update({ where: { tenantId_id: { tenantId, id } }, data })
    await failPending(work.tx, tenantId, id)
    const object = webhookEndpointObject(endpoint)
    work.emit({ type: 'webhook_endpoint.deleted', entityKind: 'WebhookEndpoint', entityId: id, object })
  })
}

/** The old secret signs beside the new one for a day on the tenant's clock, so that no message goes unproven. */
async function rotateWebhookSecret({ clocks, db, secretKey }: Deps, call: Call, input: unknown): Promise<WithSecret> {
  const { id } = validate(WebhookEndpointId, input)
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  const secret = newWebhookSecret()
  const done = await transactOnce(db, call, now, id, async (work) => {
    const { secret: previousSecret } = await find(work.tx, tenantId, id)
    const endpoint = await work.tx.webhookEndpoint.update({
      where: { tenantId_id: { tenantId, id } },
      data: {
        secret: sealSecret(secretKey, id, secret),
        previousSecret,
        previousEndsAt: new Date(now.getTime() + OLD_SECRET_HOURS * HOUR_MS),
        updatedAt: now,
      },
    })
    const object = webhookEndpointObject(endpoint)
    work.emit({ type: 'webhook_endpoint.secret_rotated', entityKind: 'WebhookEndpoint', entityId: id, object })
  })
  return done.replayed ? done : { ...done, secret }
}

/** @throws DomainError INVALID */
function refuseUnusable(addresses: Deps['addresses'], mode: Mode, url: string | undefined): void {
  const problem = addressProblem(mode, url)
  if (problem) throw new DomainError(problem)
  refuseAddress(addresses, url, 'url')
}

/** The endpoint, held to the end of the transaction. @throws DomainError NOT_FOUND */
async function find(tx: Transaction, tenantId: string, id: string): Promise<WebhookEndpointRow> {
  await lockRow(tx, 'webhook_endpoint', tenantId, id)
  const found = await tx.webhookEndpoint.findFirst({ where: { tenantId, id, deletedAt: null } })
  if (!found) throw notFound('WebhookEndpoint', ['id'])
  return found
}

/** The tenant is held, so that two at the same moment count each other. */
async function refuseMany(tx: Transaction, tenantId: string, kind: keyof typeof ENDPOINTS_AT_MOST): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM tenant WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`
  const count = await tx.webhookEndpoint.count({ where: { tenantId, kind, deletedAt: null } })
  if (count < ENDPOINTS_AT_MOST[kind]) return
  const message = `There are at most ${ENDPOINTS_AT_MOST[kind]} endpoints of the kind ${kind}`
  throw new DomainError({ code: 'OUT_OF_RANGE', message, field: ['kind'] })
}

/** What is on its way to an endpoint does not get there any more. */
export async function failPending(tx: Transaction, tenantId: string, endpointId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE webhook_delivery SET status = 'FAILED', next_attempt_at = NULL, leased_until = NULL
    WHERE tenant_id = ${tenantId}::uuid AND endpoint_id = ${endpointId}::uuid AND status = 'PENDING'`
}

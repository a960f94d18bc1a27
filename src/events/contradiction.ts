import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from '../db/database.ts'
import type { NewEvent } from './catalogue.ts'
import type { Emit } from './outbox.ts'

interface Telling {
  readonly tx: Transaction
  readonly tenantId: string
  readonly emit: Emit
}

/**
 * Tells that a provider contradicts what is known of a thing, once: a provider that is read again and again says the same
 * each time.
 */
export async function contradict({ tx, tenantId, emit }: Telling, event: NewEvent): Promise<void> {
  const { type, entityId, object } = event
  const last = await tx.event.findFirst({ where: { tenantId, entityId, type }, orderBy: { sequence: 'desc' } })
  const told = last && (last.payload as { object?: unknown }).object
  if (!isDeepStrictEqual(told, JSON.parse(JSON.stringify(object)))) emit(event)
}

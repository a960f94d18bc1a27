import pg from 'pg'
import { encodeId } from '../../src/kernel/id.ts'
import { OPEN_ENDS } from '../support/look.ts'
import type { Heard } from '../support/receiver.ts'
import type { Follower } from './live.ts'
import type { Asked, Ledger } from './load.ts'

/** Whether everything that was acknowledged is there, once, and everybody was told. */
export interface Reckoning {
  readonly failures: string[]
  readonly events: number
  readonly webhookDuplicates: number
  readonly settledAfterMs: number
}

interface Told {
  readonly databaseUrl: string
  readonly ledger: Ledger
  readonly heard: readonly Heard[]
  readonly followers: readonly Follower[]
  /** Webhooks and followers begin after this cursor. */
  readonly since: bigint
  readonly settleWithinMs: number
}

const PENDING = `SELECT count(*)::int AS count FROM webhook_delivery WHERE next_attempt_at IS NOT NULL`

export async function reckon(told: Told): Promise<Reckoning> {
  const client = new pg.Client({ connectionString: told.databaseUrl })
  await client.connect()
  try {
    const began = performance.now()
    const failures: string[] = await settle(client, told)
    const settledAfterMs = Math.round(performance.now() - began)
    failures.push(...(await effects(client, told.ledger)))
    const events = await eventsSince(client, told.since)
    const webhooks = webhookFaults(events, told.heard)
    failures.push(...webhooks.failures, ...told.followers.flatMap((each) => followerFaults(events, each)))
    return { failures, events: events.length, webhookDuplicates: webhooks.duplicates, settledAfterMs }
  } finally {
    await client.end()
  }
}

/** Waits until nothing is under way or in doubt; what is left then is a failure. */
async function settle(client: pg.Client, { settleWithinMs, followers, since, ledger }: Told): Promise<string[]> {
  const until = performance.now() + settleWithinMs
  for (;;) {
    const left = await openEnds(client)
    const last = (await eventsSince(client, since)).length
    for (const follower of followers) if (follower.ids.length < last) left.push('events that a subscriber waits for')
    left.push(...(await unsettled(client, ledger)))
    if (left.length === 0) return []
    if (performance.now() > until) return [`not settled after ${settleWithinMs} ms: ${left.join(', ')}`]
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** Checkouts that were paid at the provider and are not completed yet. */
async function unsettled(client: pg.Client, { paid }: Ledger): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM checkout WHERE status = 'COMPLETED'`)
  const completed = new Set(rows.map(({ id }) => encodeId('Checkout', id)))
  const left = [...paid].filter((id) => !completed.has(id)).length
  return left > 0 ? [`${left} paid checkouts`] : []
}

async function openEnds(client: pg.Client): Promise<string[]> {
  const [ends] = (await client.query<Record<string, string>>(OPEN_ENDS)).rows
  const [pending] = (await client.query<{ count: number }>(PENDING)).rows
  const left = Object.entries(ends ?? {}).filter(([, count]) => count !== '0')
  return [...left.map(([what, count]) => `${count} ${what}`), ...(pending?.count ? [`${pending.count} webhooks`] : [])]
}

async function effects(client: pg.Client, { customers, transfers, checkouts, paid }: Ledger): Promise<string[]> {
  const countBy = async (text: string) => {
    const { rows } = await client.query<{ key: string; count: number }>(text)
    return new Map(rows.map(({ key, count }) => [key, count]))
  }
  const people = await countBy(`SELECT email AS key, count(*)::int AS count FROM customer GROUP BY 1`)
  const orders = await countBy(`SELECT item_name AS key, count(*)::int AS count FROM checkout GROUP BY 1`)
  const settled = await countBy(
    `SELECT c.id::text AS key, count(l.id)::int AS count FROM checkout c
     JOIN payment p ON p.tenant_id = c.tenant_id AND p.checkout_id = c.id AND p.status = 'COMPLETED'
     JOIN ledger_transaction l ON l.tenant_id = p.tenant_id AND l.cause_id = p.id AND l.recipe = 'paymentSettled'
     GROUP BY 1`,
  )
  const posted = await countBy(
    `SELECT id::text AS key, 1 AS count FROM ledger_transaction WHERE recipe = 'transfer' AND parent_id IS NULL`,
  )
  const bought = new Map([...settled].map(([id, count]) => [encodeId('Checkout', id), count]))
  const moved = new Map([...posted].map(([id, count]) => [encodeId('LedgerTransaction', id), count]))
  const ids = [...transfers.values()].flatMap(({ id }) => id ?? [])
  const unanswered = transfers.size - ids.length
  return [
    ...onceEach('customer', customers, people),
    ...onceEach('checkout', checkouts, orders),
    ...[...paid]
      .filter((id) => bought.get(id) !== 1)
      .map((id) => `checkout ${id} settled ${bought.get(id) ?? 0} times`),
    ...ids.filter((id) => !moved.has(id)).map((id) => `transfer ${id} was acknowledged and is not in the books`),
    ...(new Set(ids).size < ids.length ? ['two transfers were answered with one id'] : []),
    ...(moved.size > ids.length + unanswered
      ? [`${moved.size} transfers are in the books, of ${ids.length} acknowledged and ${unanswered} without an answer`]
      : []),
  ]
}

/** What was acknowledged is there once; what was not may be there once. */
function onceEach(what: string, asked: ReadonlyMap<string, Asked>, found: ReadonlyMap<string, number>): string[] {
  return [...asked].flatMap(([key, { id }]) => {
    const count = found.get(key) ?? 0
    return count === 1 || (count === 0 && id === undefined) ? [] : [`${what} ${key} is there ${count} times`]
  })
}

interface KnownEvent {
  readonly id: string
  readonly entity: string
}

async function eventsSince(client: pg.Client, since: bigint): Promise<KnownEvent[]> {
  const text = `SELECT e.id, e.entity_id FROM event e JOIN tenant t ON t.id = e.tenant_id
    WHERE t.mode = 'TEST' AND e.cursor > $1 ORDER BY e.cursor`
  const { rows } = await client.query<{ id: string; entity_id: string }>(text, [since])
  return rows.map(({ id, entity_id }) => ({
    id: encodeId('Event', id),
    entity: entity_id,
  }))
}

/** Each event at least once, and those of one entity in their order. */
function webhookFaults(events: readonly KnownEvent[], heard: readonly Heard[]) {
  const firstHeard = new Map<string, number>()
  for (const [index, { headers }] of heard.entries()) {
    const id = String(headers['webhook-id'])
    if (!firstHeard.has(id)) firstHeard.set(id, index)
  }
  const failures: string[] = []
  const lastOfEntity = new Map<string, number>()
  for (const { id, entity } of events) {
    const at = firstHeard.get(id)
    if (at === undefined) {
      failures.push(`the webhook of ${id} never came`)
      continue
    }
    if (at < (lastOfEntity.get(entity) ?? -1)) failures.push(`the webhook of ${id} came before an earlier one`)
    lastOfEntity.set(entity, at)
  }
  return { failures, duplicates: heard.length - firstHeard.size }
}

function followerFaults(events: readonly KnownEvent[], { ids }: Follower): string[] {
  const expected = events.map(({ id }) => id)
  const different = expected.findIndex((id, index) => ids[index] !== id)
  if (different === -1 && ids.length === expected.length) return []
  const at = different === -1 ? expected.length : different
  return [`a subscriber's event ${at + 1} is ${ids[at]}, not ${expected[at]}, of ${ids.length} and ${expected.length}`]
}

import type { Database } from '../db/database.ts'
import type { EventRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'

/** What a status page shows of a checkout and its payment: each event that carries a status is one step. */
export interface StatusView extends Status {
  readonly topicId: string
  readonly at: Date
  readonly eventId: string
  readonly sequence: number
}

/** Which status page an id belongs to. */
export interface Topic {
  readonly tenantId: string
  readonly topicId: string
}

const OF_TENANT = '($2::uuid IS NULL OR tenant_id = $2)'

/** The page of what has an id: a payment is shown on that of its checkout or bill. */
const TOPIC = {
  Checkout: `SELECT tenant_id, id AS topic_id FROM checkout WHERE id = $1 AND ${OF_TENANT}`,
  Payment: `SELECT tenant_id, coalesce(checkout_id, billing_id) AS topic_id FROM payment
    WHERE id = $1 AND coalesce(checkout_id, billing_id) IS NOT NULL AND ${OF_TENANT}`,
  Subscription: `SELECT tenant_id, id AS topic_id FROM subscription WHERE id = $1 AND ${OF_TENANT}`,
  Billing: `SELECT tenant_id, id AS topic_id FROM billing WHERE id = $1 AND ${OF_TENANT}`,
  Refund: `SELECT tenant_id, id AS topic_id FROM refund WHERE id = $1 AND ${OF_TENANT}`,
} as const

export type TopicKind = keyof typeof TOPIC

export function statusService({ db }: { db: Database }) {
  return {
    /** The step that an event is; undefined for an event that moves no status. */
    statusFrom(event: EventRow): StatusView | undefined {
      const { status } = event.payload as { status?: Status }
      if (!status || event.topicId === null) return undefined
      return { ...status, topicId: event.topicId, at: event.at, eventId: event.id, sequence: event.sequence }
    },

    /** The last step; undefined while nobody has begun to pay. */
    async status({ tenantId, topicId }: Topic): Promise<StatusView | undefined> {
      const [event] = await db.query<EventRow>(
        'status.last',
        `SELECT * FROM event WHERE tenant_id = $1 AND topic_id = $2 AND payload ? 'status' ORDER BY cursor DESC LIMIT 1`,
        [tenantId, topicId],
      )
      return event && this.statusFrom(event)
    },

    /** The status page of a checkout, payment, subscription, billing or refund; within one tenant, or anywhere for a look-up in public. */
    async topic(kind: TopicKind, id: string, tenantId?: string): Promise<Topic | undefined> {
      const [topic] = await db.query<Topic>(`status.topic.${kind}`, TOPIC[kind], [id, tenantId ?? null])
      return topic
    },
  }
}

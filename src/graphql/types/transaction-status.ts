import { equals } from '../../db/condition.ts'
import type { EventRow } from '../../db/rows.ts'
import { readRows } from '../../db/statement.ts'
import type { TransactionType } from '../../events/catalogue.ts'
import { decodeId, encodeId, type IdKind } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import type { Context, StatusView, Topic } from '../context.ts'
import { mapped, over } from '../iterator.ts'
import { badInput, notFound } from '../refusal.ts'
import { moment, momentField } from './moment.ts'
import { TransactionStateEnum } from './transaction-state.ts'

const TransactionTypeEnum = builder.enumType('TransactionType', {
  description: 'What kind of thing moves.',
  values: {
    PAYMENT: { description: 'A payment.' },
    CREATE_SUBSCRIPTION: { description: 'The start of a subscription.' },
    CREATE_PAYG_SUBSCRIPTION: { description: 'The start of a subscription that bills what was used.' },
    EXECUTE_SUBSCRIPTION: { description: 'A bill of a subscription.' },
    CANCEL_SUBSCRIPTION: { description: 'The end of a subscription.' },
    INCREASE_ALLOWANCE: { description: 'A customer lets more be billed.' },
    UPDATE_MAX_AMOUNT: { description: 'A customer lets a bill be higher.' },
    REFUND: { description: 'A refund.' },
  } satisfies Record<TransactionType, object>,
})

interface Shown extends StatusView {
  /** The id that was asked for, by which the answer goes too. */
  readonly askedId: string
}

const TransactionStatus = builder.objectRef<Shown>('TransactionStatus').implement({
  description: 'Where something that moves stands. Public, as at the providers: states and hashes, nothing personal.',
  fields: (t) => ({
    id: t.id({ description: 'The id that was asked for.', resolve: ({ askedId }) => askedId }),
    type: t.expose('type', { type: TransactionTypeEnum, description: 'What kind of thing it is.' }),
    state: t.expose('state', { type: TransactionStateEnum, description: 'Where it stands.' }),
    final: t.exposeBoolean('final', { description: 'Whether nothing more is expected to happen.' }),
    transactionHash: t.string({
      nullable: true,
      description: "The transaction's hash on its chain (crypto payments).",
      resolve: ({ transactionHash }) => transactionHash ?? null,
    }),
    message: t.string({
      nullable: true,
      description: 'More about the state, for people.',
      resolve: ({ message }) => message ?? null,
    }),
    at: t.field({
      ...momentField(t),
      description: 'When it came to stand there.',
      resolve: (status, args, context) => moment(status.at, args, context),
    }),
    cursor: t.string({
      description: 'Its place among the changes, for `after`: the id of the event.',
      resolve: ({ eventId }) => encodeId('Event', eventId),
    }),
    sequence: t.exposeInt('sequence', {
      description:
        'The number of the change among those of the checkout, its payment, the subscription, the bill or the refund.',
    }),
  }),
})

builder.queryField('transactionStatus', (t) =>
  t.field({
    type: TransactionStatus,
    nullable: true,
    description:
      'Where a checkout, the life of a subscription, a bill or a refund stands. Public: without a credential anyone who has the id may ask. Null when nothing has begun, or there is no such thing.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of a checkout, payment, subscription, billing or refund.' }),
    },
    resolve: async (_root, { id }, context) => {
      const topic = await topicOf(context, id)
      const status = topic && (await context.app.payments.status(topic))
      return status ? { ...status, askedId: id } : null
    },
  }),
)

builder.subscriptionField('transactionStatus', (t) =>
  t.field({
    type: TransactionStatus,
    description:
      'Each change of where a checkout, the life of a subscription, a bill or a refund stands, each exactly once, up to the final one, which completes the subscription. It begins with where it stands now; with a cursor, with what came after it.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of a checkout, payment, subscription, billing or refund.' }),
      after: t.arg.string({ description: 'The cursor of the last change that was seen.' }),
    },
    subscribe: async (_root, { id, after }, context) => {
      const topic = await topicOf(context, id)
      if (!topic) throw notFound('There is no such checkout, payment, subscription, billing or refund')
      return after == null ? fromNow(context, topic, id) : resumed(context, topic, id, after)
    },
    resolve: (status) => status,
  }),
)

/** Where the things are kept whose status moves. */
const TABLE = {
  Checkout: 'checkout',
  Payment: 'payment',
  Subscription: 'subscription',
  Billing: 'billing',
  Refund: 'refund',
} as const

function hasTopic(kind: IdKind): kind is keyof typeof TABLE {
  return kind in TABLE
}

/** The status page that an id belongs to, if whoever asks may see it. */
async function topicOf({ app, caller, loaders }: Context, text: string): Promise<Topic | undefined> {
  const id = decodeId(text)
  if (!id || !hasTopic(id.kind)) return undefined
  if (caller.kind === 'anonymous') return app.payments.topic(id.kind, id.uuid)
  const row = await loaders.one(TABLE[id.kind], id.uuid)
  return row ? app.payments.topic(id.kind, id.uuid, row.tenantId) : undefined
}

/** Where it stands, then every change after that event: nothing can fall between the two. */
async function fromNow(context: Context, topic: Topic, askedId: string) {
  const status = await context.app.payments.status(topic)
  if (!status) return follow(context, topic, askedId, 0n)
  const shown = { ...status, askedId }
  if (status.final) return over([shown])
  const event = await eventOf(context, topic, status.eventId)
  if (!event) throw new Error(`status event ${status.eventId} is gone`)
  return follow(context, topic, askedId, event.cursor, [shown])
}

async function resumed(context: Context, topic: Topic, askedId: string, after: string) {
  const id = decodeId(after)
  const event = id?.kind === 'Event' ? await eventOf(context, topic, id.uuid) : undefined
  if (!event) throw badInput('`after` is no cursor of this transaction')
  if (context.app.payments.statusFrom(event)?.final) return over<Shown>([])
  return follow(context, topic, askedId, event.cursor)
}

function follow({ app }: Context, topic: Topic, askedId: string, after: bigint, first: readonly Shown[] = []) {
  const { tenantId, topicId } = topic
  return mapped(
    app.stream.follow({ tenantId, topicId, after }),
    (event) => {
      const status = app.payments.statusFrom(event)
      return status ? { value: { ...status, askedId }, last: status.final } : {}
    },
    { first, ended: app.checkouts.watch(tenantId, topicId) },
  )
}

/** Read past the caller's rights, because the topic was allowed and an event of another is not found. */
async function eventOf({ app }: Context, topic: Topic, id: string): Promise<EventRow | undefined> {
  const conditions = [equals('tenant_id', topic.tenantId), equals('id', id), equals('topic_id', topic.topicId)]
  const [event] = await readRows<EventRow>(app.db, 'event', conditions)
  return event
}

import { equals } from '../../db/condition.ts'
import type { EventRow } from '../../db/rows.ts'
import { readRows } from '../../db/statement.ts'
import type { TransactionType } from '../../events/catalogue.ts'
import { decodeId, encodeId, type IdKind } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { mapped, over } from '../iterator.ts'
import { badInput, notFound } from '../refusal.ts'
import type { StatusView, Topic } from '../services.ts'
import { moment, momentField } from './moment.ts'
import { TransactionStateEnum } from './transaction-state.ts'

export const TransactionTypeEnum = builder.enumType('TransactionType', {
  description: 'The kind of a transaction.',
  values: {
    PAYMENT: { description: 'A one-time payment.' },
    CREATE_SUBSCRIPTION: { description: 'The start of a subscription with a fixed price.' },
    CREATE_PAYG_SUBSCRIPTION: { description: 'The start of a subscription that bills the reported usage.' },
    EXECUTE_SUBSCRIPTION: { description: 'A billing of a subscription.' },
    CANCEL_SUBSCRIPTION: { description: 'The cancellation of a subscription.' },
    INCREASE_ALLOWANCE: { description: 'The customer raises their allowance.' },
    UPDATE_MAX_AMOUNT: { description: 'The customer changes their limit for one billing.' },
    REFUND: { description: 'A refund.' },
  } satisfies Record<TransactionType, object>,
})

interface Shown extends StatusView {
  /** The id that was asked for, by which the answer goes too. */
  readonly askedId: string
}

const TransactionStatus = builder.objectRef<Shown>('TransactionStatus').implement({
  description: 'The state of a transaction. It is public, so it contains no personal data.',
  fields: (t) => ({
    id: t.id({ description: 'The id that was asked for.', resolve: ({ askedId }) => askedId }),
    type: t.expose('type', { type: TransactionTypeEnum, description: 'The kind of the transaction.' }),
    state: t.expose('state', { type: TransactionStateEnum, description: 'The state of the transaction.' }),
    final: t.exposeBoolean('final', {
      description:
        'Whether the state is final, so that no further change is expected. FAILED and UNDERPAID are not while the customer can try again.',
    }),
    transactionHash: t.string({
      nullable: true,
      description:
        'The hash of the transfer on its blockchain (crypto payments). Null until it is known, and for others.',
      resolve: ({ transactionHash }) => transactionHash ?? null,
    }),
    message: t.string({
      nullable: true,
      description: 'More about the state, in words for people. Null when there is nothing to add.',
      resolve: ({ message }) => message ?? null,
    }),
    at: t.field({
      ...momentField(t),
      description: 'When the transaction reached this state.',
      resolve: (status, args, context) => moment(status.at, args, context),
    }),
    cursor: t.string({
      description: 'The position of this change among all changes. Pass it as `after` to continue after it.',
      resolve: ({ eventId }) => encodeId('Event', eventId),
    }),
    sequence: t.exposeInt('sequence', {
      description:
        'The number of the change among the changes of the checkout and its payment, or of the subscription, billing or refund.',
    }),
  }),
})

builder.queryField('transactionStatus', (t) =>
  t.field({
    type: TransactionStatus,
    nullable: true,
    description:
      'Returns the current state of a checkout, payment, subscription, billing or refund. Public: anyone who has the id can read it, without a credential. Null when the id does not exist or nothing has started.',
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
      'Sends every change of the state of a checkout, payment, subscription, billing or refund, each exactly once. It starts with the current state, or with a cursor with the first change after it. The stream completes after the final state.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of a checkout, payment, subscription, billing or refund.' }),
      after: t.arg.string({
        description:
          'The cursor of the last change that was received. Without it the stream starts with the current state.',
      }),
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
  if (!event) throw badInput('`after` is not a cursor of this transaction')
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

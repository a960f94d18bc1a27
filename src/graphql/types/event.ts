import { atLeast, below, equals, oneOf } from '../../db/condition.ts'
import { EVENT_TYPES } from '../../events/catalogue.ts'
import { EVENT_ORDER, eventCursor, placeOf } from '../../events/cursor.ts'
import { decodeId, encodeId, type IdKind, PREFIXES } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { actorOf } from '../context.ts'
import { mapped } from '../iterator.ts'
import { EventRef } from '../refs.ts'
import { badInput } from '../refusal.ts'
import { moment, momentField } from './moment.ts'

EventRef.implement({
  description: 'One fact that happened. Never changed.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: evt_…', resolve: ({ id }) => encodeId('Event', id) }),
    type: t.exposeString('type', { description: 'What happened, e.g. payment.completed.' }),
    entity: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'What it happened to, as it is now; null when it is gone.',
      resolve: ({ entityKind, entityId }, _args, { loaders }) =>
        entityKind in PREFIXES ? loaders.entity(entityKind as IdKind, entityId) : null,
    }),
    sequence: t.exposeInt('sequence', { description: 'The number of this event among those of the same entity.' }),
    cursor: t.string({
      description: 'Its place among all events, for `events(after:)` as a list and as a subscription.',
      resolve: eventCursor,
    }),
    payload: t.field({
      type: 'JSON',
      description: 'The entity as it stood after the change.',
      resolve: ({ payload }) => payload,
    }),
    at: t.field({
      ...momentField(t),
      description: 'When it happened.',
      resolve: (event, args, context) => moment(event.at, args, context),
    }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'The request that caused it.' }),
  }),
})

const EventFilter = builder.inputType('EventFilter', {
  description: 'Which events.',
  fields: (t) => ({
    types: t.stringList({ description: 'Those of these types, e.g. payment.completed.' }),
    entityId: t.id({ description: 'Those of this product, payment and so on.' }),
    from: t.field({ type: 'DateTime', description: 'Those at this moment or later.' }),
    before: t.field({ type: 'DateTime', description: 'Those before this moment.' }),
  }),
})

const events = list({
  name: 'Event',
  type: EventRef,
  table: 'event',
  orders: { [EVENT_ORDER]: { column: 'cursor', description: 'The order in which they were committed.' } },
  filter: {
    type: EventFilter,
    conditions: ({ types, entityId, from, before }) => [
      ...ofTypes(types),
      ...(entityId != null ? [equals('entity_id', decodeId(entityId)?.uuid ?? null)] : []),
      ...(from ? [atLeast('at', from)] : []),
      ...(before ? [below('at', before)] : []),
    ],
  },
})

builder.queryField('events', (t) =>
  t.field({
    ...events.field(t),
    description: 'What happened, latest first.',
    authScopes: { manager: true },
    args: {
      ...events.field(t).args,
      types: t.arg.stringList({ description: 'Only those of these types, e.g. payment.completed; all when left out.' }),
    },
    resolve: (_root, { types, ...args }, context) => events.open(context, args, undefined, ofTypes(known(types))),
  }),
)

builder.subscriptionField('events', (t) =>
  t.field({
    type: EventRef,
    description:
      'Events as they are committed. With a cursor it first replays what came after it, then goes on live, without a gap or a repeat.',
    authScopes: { manager: true },
    args: {
      types: t.arg.stringList({ description: 'Only those of these types; all when left out.' }),
      after: t.arg.string({ description: 'The cursor of the last event that was seen; from now on when left out.' }),
    },
    subscribe: (_root, { types, after }, context) => {
      const { tenantId } = actorOf(context)
      const cursor = after != null ? positionOf(after) : undefined
      const followed = context.app.stream.follow({
        tenantId,
        ...(types && { types: known(types) ?? [] }),
        ...(cursor !== undefined && { after: cursor }),
      })
      return mapped(followed, (event) => ({ value: event }))
    },
    resolve: (event) => event,
  }),
)

function ofTypes(types: readonly string[] | null | undefined) {
  return types ? [oneOf('type', types)] : []
}

/** The types, each of which there is. */
function known<Types extends readonly string[] | null | undefined>(types: Types): Types {
  const all: readonly string[] = EVENT_TYPES
  const unknown = types?.find((type) => !all.includes(type))
  if (unknown !== undefined) throw badInput(`There are no events of the type ${unknown.slice(0, 60)}`)
  return types
}

function positionOf(after: string): bigint {
  const place = placeOf(after)
  if (place === undefined) throw badInput('`after` is no cursor of an event')
  return place
}

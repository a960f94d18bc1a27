import { atLeast, below, equals, oneOf } from '../../db/condition.ts'
import { EVENT_TYPES, type EventType } from '../../events/catalogue.ts'
import { EVENT_ORDER, eventCursor, placeOf } from '../../events/cursor.ts'
import { decodeId, encodeId, type IdKind, PREFIXES } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { actorOf } from '../context.ts'
import { mapped } from '../iterator.ts'
import { readEntity } from '../nodes.ts'
import { EventRef } from '../refs.ts'
import { badInput } from '../refusal.ts'
import { EventPayloadRef } from './event-payload.ts'
import { EventTypeEnum } from './event-type.ts'
import { moment, momentField } from './moment.ts'

EventRef.implement({
  description: 'A recorded change of an object, such as a completed payment. Events are never changed.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the event: evt_…', resolve: ({ id }) => encodeId('Event', id) }),
    eventType: t.field({
      type: EventTypeEnum,
      description: 'The type of the event.',
      resolve: ({ type }) => type as EventType,
    }),
    type: t.exposeString('type', {
      description: 'The type of the event as webhooks write it, e.g. payment.completed.',
      deprecationReason: 'Use `eventType`, which is an enum.',
    }),
    entity: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The object that changed, in its current state. Null when it does not exist any more.',
      resolve: ({ entityKind, entityId }, _args, { loaders }) =>
        entityKind in PREFIXES ? readEntity(loaders, entityKind as IdKind, entityId) : null,
    }),
    sequence: t.exposeInt('sequence', { description: 'The number of the event among the events of the same object.' }),
    cursor: t.string({
      description:
        'The position of the event among all events. Pass it as `after` to `events`, as a query or as a subscription, to continue after this event.',
      resolve: eventCursor,
    }),
    data: t.field({
      type: EventPayloadRef,
      description: 'The changed object as it was after the change, with typed fields. Webhooks send it as `data`.',
      resolve: (event) => event,
    }),
    payload: t.field({
      type: 'JSON',
      deprecationReason: 'Use `data`, whose fields are typed.',
      description:
        'An object `{ object, status }`: the changed object as it was after the change, and for some types its new status. Webhooks send it as `data`.',
      resolve: ({ payload }) => payload,
    }),
    at: t.field({
      ...momentField(t),
      description: 'When the event happened.',
      resolve: (event, args, context) => moment(event.at, args, context),
    }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The id of the API request that caused the event. Null when none did.',
    }),
  }),
})

const EventFilter = builder.inputType('EventFilter', {
  description: 'Conditions on a list of events. An event must match all that are given.',
  fields: (t) => ({
    eventTypes: t.field({
      type: [EventTypeEnum],
      description: 'Events with one of these types. An empty list means all types.',
    }),
    types: t.stringList({
      description: 'Events with one of these types, e.g. payment.completed.',
      deprecationReason: 'Use `eventTypes`.',
    }),
    entityId: t.id({ description: 'Events of this object, given by its id.' }),
    from: t.field({ type: 'DateTime', description: 'Events at this moment or later.' }),
    before: t.field({ type: 'DateTime', description: 'Events before this moment.' }),
  }),
})

const events = list({
  name: 'Event',
  type: EventRef,
  table: 'event',
  orders: { [EVENT_ORDER]: { column: 'cursor', description: 'The order in which the events were recorded.' } },
  filter: {
    type: EventFilter,
    conditions: ({ eventTypes, types, entityId, from, before }) => [
      ...ofTypes(eventTypes),
      ...ofTypes(known(types)),
      ...(entityId != null ? [equals('entity_id', decodeId(entityId)?.uuid ?? null)] : []),
      ...(from ? [atLeast('at', from)] : []),
      ...(before ? [below('at', before)] : []),
    ],
  },
})

builder.queryField('events', (t) =>
  t.field({
    ...events.field(t),
    description: 'The events, newest first.',
    authScopes: { manager: true },
    args: {
      ...events.field(t).args,
      eventTypes: t.arg({
        type: [EventTypeEnum],
        description: 'Returns only events with one of these types. The default, also of an empty list, is all types.',
      }),
      types: t.arg.stringList({
        description: 'Returns only events with one of these types, e.g. payment.completed. The default is all types.',
        deprecationReason: 'Use `eventTypes`.',
      }),
    },
    resolve: (_root, { eventTypes, types, ...args }, context) =>
      events.open(context, args, undefined, [...ofTypes(eventTypes), ...ofTypes(known(types))]),
  }),
)

builder.subscriptionField('events', (t) =>
  t.field({
    type: EventRef,
    description:
      'Sends each event as soon as it is recorded. With a cursor it first sends the events after that cursor and then continues live, without a gap or a duplicate.',
    authScopes: { manager: true },
    args: {
      eventTypes: t.arg({
        type: [EventTypeEnum],
        description: 'Sends only events with one of these types. The default, also of an empty list, is all types.',
      }),
      types: t.arg.stringList({
        description: 'Sends only events with one of these types, e.g. payment.completed. The default is all types.',
        deprecationReason: 'Use `eventTypes`.',
      }),
      after: t.arg.string({
        description: 'The cursor of the last event that was received. Without it only new events are sent.',
      }),
    },
    subscribe: (_root, { eventTypes, types, after }, context) => {
      const { tenantId } = actorOf(context)
      const cursor = after != null ? positionOf(after) : undefined
      const followed = context.app.stream.follow({
        tenantId,
        ...wanted(eventTypes, known(types)),
        ...(cursor !== undefined && { after: cursor }),
      })
      return mapped(followed, (event) => ({ value: event }))
    },
    resolve: (event) => event,
  }),
)

function ofTypes(types: readonly string[] | null | undefined) {
  return types?.length ? [oneOf('type', types)] : []
}

/** An empty list means all types. Both lists are conditions: where both are given, an event has a type that is in each. */
function wanted(eventTypes: readonly string[] | null | undefined, types: readonly string[] | null | undefined) {
  if (!eventTypes?.length) return types?.length ? { types } : {}
  const both = types?.length ? eventTypes.filter((type) => types.includes(type)) : eventTypes
  return { types: both }
}

/** The types, each of which there is. */
function known<Types extends readonly string[] | null | undefined>(types: Types): Types {
  const all: readonly string[] = EVENT_TYPES
  const unknown = types?.find((type) => !all.includes(type))
  if (unknown !== undefined) throw badInput(`There is no event type ${unknown.slice(0, 60)}`)
  return types
}

function positionOf(after: string): bigint {
  const place = placeOf(after)
  if (place === undefined) throw badInput('`after` is not the cursor of an event')
  return place
}

import type { InterfaceRef } from '@pothos/core'
import type { EventRow } from '../../db/rows.ts'
import { EVENT_TYPES, EVENTS, type EventType, enumNameOf, type Status } from '../../events/catalogue.ts'
import type { Shape } from '../../events/shape.ts'
import { builder, type ResolvedTypes } from '../builder.ts'
import { typeOf, type Written } from './event-object.ts'
import { TransactionStateEnum } from './transaction-state.ts'
import { TransactionTypeEnum } from './transaction-status.ts'

/** What an event carries: one type for each type of event, and an interface for those with the same kind of object. */

interface Payload {
  readonly object: Written
  readonly status?: Status
}

const payloadOf = ({ payload }: EventRow) => payload as unknown as Payload

const EventStatus = builder.objectRef<Status>('EventStatus').implement({
  description: 'The step of a transaction that an event tells of.',
  fields: (t) => ({
    type: t.expose('type', { type: TransactionTypeEnum, description: 'The kind of the transaction.' }),
    state: t.expose('state', { type: TransactionStateEnum, description: 'The state of the transaction.' }),
    final: t.exposeBoolean('final', { description: 'Whether no further change is expected.' }),
    transactionHash: t.string({
      nullable: true,
      description: 'The hash of the transfer on its blockchain. Null until it is known, and for other payments.',
      resolve: ({ transactionHash }) => transactionHash ?? null,
    }),
    message: t.string({
      nullable: true,
      description: 'More about the state, in words for people. Null when there is nothing to add.',
      resolve: ({ message }) => message ?? null,
    }),
  }),
})

export const EventPayloadRef = builder.interfaceRef<EventRow>('EventPayload').implement({
  description:
    'What an event carries. Each type of event has a type of its own with typed fields: PAYMENT_COMPLETED has PaymentCompletedPayload.',
  resolveType: ({ type }) => nameOf(type as EventType),
  fields: (t) => ({
    object: t.field({
      type: 'JSON',
      description:
        'The changed object as it was after the change. Webhooks send it as `data.object`. The typed field of the payload has the same fields.',
      resolve: (event) => payloadOf(event).object,
    }),
    status: t.field({
      type: EventStatus,
      nullable: true,
      description:
        'The step of the transaction that the event tells of. Webhooks send it as `data.status`. Null for an event that is no such step.',
      resolve: (event) => payloadOf(event).status ?? null,
    }),
  }),
})

/** PaymentCompletedPayload for payment.completed. */
function nameOf(type: EventType): string {
  const words = enumNameOf(type).toLowerCase().split('_')
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Payload`
}

const shared = new Map<Shape, InterfaceRef<ResolvedTypes, EventRow>>()

/** The interface of the payloads with the same kind of object, so that a client can read them all by one fragment. */
function interfaceOf(shape: Shape): InterfaceRef<ResolvedTypes, EventRow> {
  const known = shared.get(shape)
  if (known) return known
  const name = `${shape.name.replace(/Snapshot$/, '')}EventPayload`
  const made = builder.interfaceRef<EventRow>(name).implement({
    description: `The payload of an event whose typed field is \`${shape.field}\`.`,
    interfaces: [EventPayloadRef],
    fields: (t) => ({
      [shape.field]: t.field({
        type: typeOf(shape),
        description: `${shape.description} These are the fields of \`object\`.`,
        resolve: (event) => payloadOf(event).object,
      }),
    }),
  })
  shared.set(shape, made)
  return made
}

for (const type of EVENT_TYPES) {
  builder.objectRef<EventRow>(nameOf(type)).implement({
    description: `The payload of ${enumNameOf(type)}. ${EVENTS[type].description}`,
    interfaces: [EventPayloadRef, interfaceOf(EVENTS[type].object)],
  })
}

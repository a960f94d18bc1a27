import { EVENT_TYPES, EVENTS, enumNameOf } from '../../events/catalogue.ts'
import { builder } from '../builder.ts'

export const EventTypeEnum = builder.enumType('EventType', {
  description:
    'The type of an event. Webhooks write the same types in lower case with a dot: payment.completed for PAYMENT_COMPLETED.',
  values: Object.fromEntries(
    EVENT_TYPES.map((type) => [enumNameOf(type), { value: type, description: EVENTS[type].description }]),
  ),
})

import { EVENT_TYPES, EVENTS, enumNameOf } from '../src/events/catalogue.ts'
import type { Field, Kind, Shape } from '../src/events/shape.ts'

/** The page docs/events.md, from the descriptions in src/events. */

export const PAGE = new URL('../docs/events.md', import.meta.url)

const INTRODUCTION = `# Events

<!-- Written by \`npm run events\` from src/events; do not edit. -->

Every change is recorded as an event. \`events\` lists them, the subscription \`events\` sends them live, and
[webhooks](webhooks.md) deliver them. Events are never changed, and no type is ever taken away.

\`\`\`graphql
{
  events(first: 10, eventTypes: [PAYMENT_COMPLETED, PAYMENT_UNDERPAID]) {
    edges { node {
      eventType
      at
      data {
        ... on PaymentEventPayload { payment { id reference amount { amount currency } } }
      }
    } }
  }
}
\`\`\`

- \`eventType\` is an enum: \`PAYMENT_COMPLETED\`. Webhooks write the same type as \`payment.completed\`.
- \`data\` has a type for each type of event, such as \`PaymentCompletedPayload\`, and an interface for all events with the
  same kind of object, such as \`PaymentEventPayload\`.
- In a webhook, \`data.object\` is the object with exactly the fields below, and \`data.status\` the step of a transaction
  (\`type\`, \`state\`, \`final\`, and where there is one \`transactionHash\` and \`message\`) or absent.
- The object is as it was after the change; \`Event.entity\` is the object as it is today.

How values are written in webhooks:

| Type | In a webhook |
| --- | --- |
| ID | The id that the API uses, such as \`"pay_…"\`; \`node(id:)\` reads the object. |
| Money | \`{ "minor": "1999", "currency": "USD" }\`: 19.99 USD. GraphQL also has \`amount\`. |
| BigInt | Minor units as text: \`"1999"\`. |
| Decimal | A decimal as text: \`"12.5"\`. |
| DateTime | ISO 8601 in UTC: \`"2026-11-21T08:00:00.000Z"\`. |
| Duration | \`{ "value": 1, "unit": "MONTHS" }\`. |

A field whose type has no \`!\` can be null. One marked *may be absent* is left out of a webhook when it has no value.
`

const TYPES = {
  id: 'ID',
  text: 'String',
  texts: '[String!]',
  integer: 'Int',
  boolean: 'Boolean',
  moment: 'DateTime',
  minor: 'BigInt',
  decimal: 'Decimal',
  currency: 'CurrencyCode',
  money: 'Money',
  duration: 'Duration',
  json: 'JSON',
} as const

export function eventsPage(): string {
  const shapes = [...new Set(EVENT_TYPES.map((type) => EVENTS[type].object as Shape))]
  return [INTRODUCTION, ...shapes.map(section)].join('\n')
}

function section(shape: Shape): string {
  const types = EVENT_TYPES.filter((type) => (EVENTS[type].object as Shape) === shape)
  const rows = types.map((type) => `| \`${type}\` | \`${enumNameOf(type)}\` | ${EVENTS[type].description} |`)
  const inner = new Set(Object.values(shape.fields).flatMap(({ kind }) => shapeIn(kind)))
  return [
    `## ${shape.name}\n`,
    `${shape.description} The field of the payload is \`${shape.field}\`.\n`,
    '| Webhook | GraphQL | When |\n| --- | --- | --- |',
    ...rows,
    '',
    fieldsOf(shape),
    ...[...inner].map((each) => `\n### ${each.name}\n\n${each.description}\n\n${fieldsOf(each)}`),
    '',
  ].join('\n')
}

function fieldsOf({ fields }: Shape): string {
  const rows = Object.entries(fields).map(
    ([name, field]) => `| \`${name}\` | ${typeOf(field)} | ${field.description} |`,
  )
  return ['| Field | Type | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function typeOf({ kind, nullable, optional }: Field): string {
  return `${nameOf(kind)}${nullable ? '' : '!'}${optional ? ', *may be absent*' : ''}`
}

function nameOf(kind: Kind): string {
  if (typeof kind !== 'object') return TYPES[kind]
  return 'list' in kind ? `[${kind.list.name}!]` : kind.enumeration
}

function shapeIn(kind: Kind): Shape[] {
  return typeof kind === 'object' && 'list' in kind ? [kind.list] : []
}

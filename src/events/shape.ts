/**
 * How the objects of events are described. One description makes the types of GraphQL, the page docs/events.md, and the
 * check that what is written into an event has the fields that it is said to have.
 */

export type EnumName =
  | 'AccountKind'
  | 'BillingStatus'
  | 'BillingTrigger'
  | 'BillingUsage'
  | 'CheckoutKind'
  | 'CheckoutStatus'
  | 'LedgerTransactionState'
  | 'Mode'
  | 'Provider'
  | 'RefundStatus'
  | 'Role'
  | 'SubscriptionStatus'
  | 'TransactionState'
  | 'WebhookKind'

export type Kind =
  | 'id'
  | 'text'
  | 'texts'
  | 'integer'
  | 'boolean'
  | 'moment'
  | 'minor'
  | 'decimal'
  | 'currency'
  | 'money'
  | 'duration'
  | 'json'
  | { readonly enumeration: EnumName }
  | { readonly list: Shape }

export interface Field {
  readonly kind: Kind
  readonly description: string
  readonly nullable: boolean
  /** Whether the field may be missing; GraphQL shows null then. */
  readonly optional: boolean
}

export interface Shape<Fields extends Readonly<Record<string, Field>> = Readonly<Record<string, Field>>> {
  /** The name of its type in GraphQL. */
  readonly name: string
  /** The field of an event's payload that shows it in GraphQL. */
  readonly field: string
  readonly description: string
  readonly fields: Fields
}

type OptionalOf<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly optional: true } ? Name : never
}[keyof Fields]

/** An object with the fields of a shape, as it is written into an event. */
export type ObjectOf<Described extends Shape> = {
  readonly [Name in Exclude<keyof Described['fields'], OptionalOf<Described['fields']>>]: unknown
} & { readonly [Name in OptionalOf<Described['fields']>]?: unknown }

export function shape<const Fields extends Readonly<Record<string, Field>>>(described: Shape<Fields>): Shape<Fields> {
  return described
}

function ofKind(kind: Kind) {
  return (description: string) => ({ kind, description, nullable: false, optional: false }) as const
}

export const id = ofKind('id')
export const text = ofKind('text')
export const texts = ofKind('texts')
export const integer = ofKind('integer')
export const boolean = ofKind('boolean')
/** An ISO 8601 moment in UTC. */
export const moment = ofKind('moment')
/** A whole number of minor units, as text. */
export const minor = ofKind('minor')
export const decimal = ofKind('decimal')
export const currency = ofKind('currency')
/** An object { minor, currency }. */
export const money = ofKind('money')
/** An object { value, unit }. */
export const duration = ofKind('duration')
export const json = ofKind('json')

export function enumeration(name: EnumName, description: string) {
  return ofKind({ enumeration: name })(description)
}

export function list(of: Shape, description: string) {
  return ofKind({ list: of })(description)
}

/** The same, where it can be null. */
export function orNull<Described extends Field>(field: Described) {
  return { ...field, nullable: true } as const
}

/** The same, where it can be null or missing. */
export function orMissing<Described extends Field>(field: Described) {
  return { ...field, nullable: true, optional: true } as const
}

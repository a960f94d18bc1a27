import type { ObjectRef } from '@pothos/core'
import type { EnumName, Field, Kind, Shape } from '../../events/shape.ts'
import type { Duration } from '../../kernel/duration.ts'
import { builder, type ResolvedTypes } from '../builder.ts'
import { AccountKindEnum } from './account.ts'
import { BillingStatusEnum, BillingTriggerEnum } from './billing.ts'
import { CheckoutKindEnum, CheckoutStatusEnum } from './checkout.ts'
import { DurationRef } from './duration.ts'
import { LedgerTransactionStateEnum } from './ledger-transaction.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ModeEnum, ProviderEnum } from './provider.ts'
import { RefundStatusEnum } from './refund.ts'
import { BillingUsageEnum, SubscriptionStatusEnum } from './subscription-enums.ts'
import { TransactionStateEnum } from './transaction-state.ts'
import { RoleEnum } from './user.ts'
import { WebhookKindEnum } from './webhook-endpoint.ts'

/** The types of the objects that events carry, made from their descriptions. */

/** An object as it is written in an event. */
export type Written = Readonly<Record<string, unknown>>

type Fields = PothosSchemaTypes.ObjectFieldBuilder<ResolvedTypes, Written>

const ENUMERATIONS: Readonly<Record<EnumName, unknown>> = {
  AccountKind: AccountKindEnum,
  BillingStatus: BillingStatusEnum,
  BillingTrigger: BillingTriggerEnum,
  BillingUsage: BillingUsageEnum,
  CheckoutKind: CheckoutKindEnum,
  CheckoutStatus: CheckoutStatusEnum,
  LedgerTransactionState: LedgerTransactionStateEnum,
  Mode: ModeEnum,
  Provider: ProviderEnum,
  RefundStatus: RefundStatusEnum,
  Role: RoleEnum,
  SubscriptionStatus: SubscriptionStatusEnum,
  TransactionState: TransactionStateEnum,
  WebhookKind: WebhookKindEnum,
}

const TYPES = {
  id: 'ID',
  text: 'String',
  integer: 'Int',
  boolean: 'Boolean',
  minor: 'BigInt',
  decimal: 'Decimal',
  currency: 'CurrencyCode',
  json: 'JSON',
} as const

const types = new Map<Shape, ObjectRef<ResolvedTypes, Written>>()

/** The type of a shape; each is made once. */
export function typeOf(shape: Shape): ObjectRef<ResolvedTypes, Written> {
  const known = types.get(shape)
  if (known) return known
  const ref = builder.objectRef<Written>(shape.name)
  types.set(shape, ref)
  ref.implement({
    description: shape.description,
    fields: (t) =>
      Object.fromEntries(Object.entries(shape.fields).map(([name, field]) => [name, shown(t, name, field)])),
  })
  return ref
}

function shown(t: Fields, name: string, field: Field) {
  const { kind, description } = field
  const nullable = field.nullable as true
  const valueIn = (object: Written) => written(object[name], field)
  if (kind === 'moment') {
    return t.field({
      ...momentField(t),
      nullable,
      description,
      resolve: (object, args, context) => {
        const value = valueIn(object)
        return value === null ? null : moment(new Date(String(value)), args, context)
      },
    })
  }
  return t.field({ type: graphqlTypeOf(kind) as 'JSON', nullable, description, resolve: valueIn })
}

function graphqlTypeOf(kind: Exclude<Kind, 'moment'>): unknown {
  if (typeof kind === 'object') return 'list' in kind ? [typeOf(kind.list)] : ENUMERATIONS[kind.enumeration]
  if (kind === 'texts') return ['String']
  if (kind === 'money') return MoneyRef
  return kind === 'duration' ? DurationRef : TYPES[kind]
}

/**
 * A value as its type takes it. Events are never changed, so those of an earlier version may lack a field that was added
 * since, and have `false` where there is no amount.
 */
function written(value: unknown, { kind, nullable }: Field): unknown {
  if (value === undefined || value === null) return nullable ? null : withoutValue(kind)
  if (kind === 'minor') return BigInt(String(value))
  if (kind === 'duration') return value as Duration
  if (kind !== 'money') return value
  const { minor, currency } = value as { minor: string; currency: string }
  return value === false ? null : amount(BigInt(minor), currency)
}

function withoutValue(kind: Kind): unknown {
  if (kind === 'json') return {}
  if (kind === 'texts' || (typeof kind === 'object' && 'list' in kind)) return []
  return kind === 'boolean' ? false : null
}

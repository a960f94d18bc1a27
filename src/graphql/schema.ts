import {
  extendSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  parse,
} from 'graphql'
import { withNotesOf } from '../providers/notes.ts'
import { PROVIDERS, type Providers } from '../providers/providers.ts'
import { builder } from './builder.ts'
import './scalars.ts'
import './types/accounting.ts'
import './types/account.ts'
import './types/account-mutations.ts'
import './types/account-stats.ts'
import './types/api-key.ts'
import './types/billing.ts'
import './types/checkout.ts'
import './types/checkout-attempts.ts'
import './types/checkout-lines.ts'
import './types/checkout-list.ts'
import './types/claim.ts'
import './types/claim-funds.ts'
import './types/checkout-mutations.ts'
import './types/currency.ts'
import './types/customer-mutations.ts'
import './types/customer.ts'
import './types/data-removal.ts'
import './types/entry.ts'
import './types/event.ts'
import './types/ledger.ts'
import './types/ledger-mutations.ts'
import './types/ledger-transaction.ts'
import './types/ledger-transaction-list.ts'
import './types/ledger-transaction-stats.ts'
import './types/money.ts'
import './types/node.ts'
import './types/organization.ts'
import './types/payment.ts'
import './types/payment-list.ts'
import './types/payment-stats.ts'
import './types/revenue-stats.ts'
import './types/product.ts'
import './types/provider.ts'
import './types/provider-mutations.ts'
import './types/fault.ts'
import './types/test-clock.ts'
import './types/refund.ts'
import './types/refund-list.ts'
import './types/payment-mutations.ts'
import './types/refund-mutations.ts'
import './types/search.ts'
import './types/subscription.ts'
import './types/subscription-list.ts'
import './types/subscription-stats.ts'
import './types/subscription-mutations.ts'
import './types/transaction-status.ts'
import './types/user.ts'
import './types/user-list.ts'
import './types/user-mutations.ts'
import './types/verify-webhook.ts'
import './types/viewer.ts'
import './types/webhook-delivery.ts'
import './types/webhook-endpoint.ts'
import './types/webhook-mutations.ts'

/** The schema of the API. Each import adds its type and that type's queries, mutations and subscriptions. */
export const schema = builder.toSchema({ sortSchema: false })

/** The schema of a gateway that has these providers: the list of the product, or one with more rows. */
export function schemaWith(providers: Providers): GraphQLSchema {
  const more = Object.entries(providers).filter(([name]) => !Object.hasOwn(PROVIDERS, name))
  if (more.length === 0) return schema
  const values = more.map(([name, { description }]) => `${JSON.stringify(description)} ${name}`)
  const extended = extendSchema(schema, parse(`extend enum Provider { ${values.join(' ')} }`))
  for (const part of describedIn(extended)) {
    if (part.description) part.description = withNotesOf(providers, part.description)
  }
  return extended
}

interface Described {
  description?: string | null | undefined
}

/** Whatever of a schema has a description that may name a provider. */
function* describedIn(of: GraphQLSchema): Iterable<Described> {
  for (const type of Object.values(of.getTypeMap())) {
    yield type
    if (isEnumType(type)) yield* type.getValues()
    if (isInputObjectType(type)) yield* Object.values(type.getFields())
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      yield field
      yield* field.args
    }
  }
}

import { nameOf } from '../../customers/customer.ts'
import { atLeast, below, bytewise, contains, emailIs, equals, isNotNull, isNull } from '../../db/condition.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { emailKey, normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { hasWords, reachedAt, refersTo } from '../filters.ts'
import type { Loaders } from '../loaders.ts'
import { CustomerRef } from '../refs.ts'
import { linksOf } from '../relations.ts'
import { ARCHIVED_FILTER, wordsFilter } from './filter-inputs.ts'
import { moment, momentField } from './moment.ts'
import { payments } from './payment-list.ts'
import { ProviderLinkRef } from './provider.ts'
import { sellerArg, sellerField } from './seller.ts'
import { subscriptions } from './subscription-list.ts'

interface AddressShape {
  readonly line1?: string | null
  readonly line2?: string | null
  readonly city?: string | null
  readonly state?: string | null
  readonly postalCode?: string | null
  readonly country?: string | null
}

const Address = builder.objectRef<AddressShape>('Address').implement({
  description: 'A postal address. Parts that are not known are null.',
  fields: (t) => ({
    line1: t.exposeString('line1', { nullable: true, description: 'The street and house number.' }),
    line2: t.exposeString('line2', { nullable: true, description: 'The second line of the street address.' }),
    city: t.exposeString('city', { nullable: true, description: 'The city or town.' }),
    state: t.exposeString('state', { nullable: true, description: 'The state, province or region.' }),
    postalCode: t.exposeString('postalCode', { nullable: true, description: 'The postal code.' }),
    country: t.exposeString('country', { nullable: true, description: 'The country as a two-letter ISO 3166-1 code.' }),
  }),
})

CustomerRef.implement({
  description: 'A person or company that pays the merchant.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the customer: cust_…', resolve: ({ id }) => encodeId('Customer', id) }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: "The merchant's own identifier of the customer. Null when none was given.",
    }),
    name: t.string({
      nullable: true,
      description: 'The first name, or the only name. Null when none is known.',
      resolve: nameOf,
    }),
    lastName: t.exposeString('lastName', { nullable: true, description: 'The last name. Null when none was given.' }),
    email: t.exposeString('email', { nullable: true, description: 'The e-mail address. Null when none was given.' }),
    phone: t.exposeString('phone', {
      nullable: true,
      description: 'The phone number in the form of E.164, such as +442079460958. Null when none was given.',
    }),
    address: t.field({
      type: Address,
      nullable: true,
      description: 'The postal address. Null when none was given.',
      resolve: ({ address }) => address as AddressShape | null,
    }),
    language: t.exposeString('language', {
      nullable: true,
      description: 'The language that the customer prefers, as a BCP 47 tag such as de-AT. Null when none was given.',
    }),
    taxId: t.exposeString('taxId', {
      nullable: true,
      description: 'The tax id, such as a VAT number. Null when none was given.',
    }),
    taxIdCountry: t.exposeString('taxIdCountry', {
      nullable: true,
      description: 'The country of the tax id as a two-letter ISO 3166-1 code. Null when none was given.',
    }),
    archived: t.boolean({
      description:
        'Whether the customer is archived: left out of lists unless `filter: { archived: true }` asks for them. `restoreCustomer` takes a deleted customer back.',
      resolve: ({ deletedAt }) => deletedAt !== null,
    }),
    mergedInto: t.field({
      type: CustomerRef,
      nullable: true,
      description:
        'The customer with whom this one was merged, who has what this one had. Null when they were not merged.',
      resolve: ({ mergedIntoId }, _args, { loaders }) => loaders.linked('customer', mergedIntoId),
    }),
    payments: t.field({
      ...payments.field(t),
      description: 'The payments of the customer, newest first.',
      resolve: (customer, args, context) =>
        payments.open(context, args, {
          parentId: customer.id,
          belongs: (alias, parent) => `${alias}.customer_id = ${parent}`,
        }),
    }),
    subscriptions: t.field({
      ...subscriptions.field(t),
      description: 'The subscriptions of the customer, newest first.',
      resolve: (customer, args, context) =>
        subscriptions.open(context, args, {
          parentId: customer.id,
          belongs: (alias, parent) => `${alias}.customer_id = ${parent}`,
        }),
    }),
    seller: sellerField(t),
    providerLinks: t.field({
      type: [ProviderLinkRef],
      description: 'The ids of the customer at providers that store a copy of the customer.',
      resolve: (customer, _args, { loaders }) => linksOf(loaders, customer.id),
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the customer.',
      resolve: ({ metadata }) => metadata,
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the customer was created.',
      resolve: (customer, args, context) => moment(customer.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When the customer was last changed.',
      resolve: (customer, args, context) => moment(customer.updatedAt, args, context),
    }),
  }),
})

const CustomerFilter = builder.inputType('CustomerFilter', {
  description: 'Conditions on a list of customers. A customer must match all that are given.',
  fields: (t) => ({
    email: t.string({
      description: 'The customer with this e-mail address, ignoring case, or with whom the one who had it was merged.',
    }),
    archived: t.boolean({ description: ARCHIVED_FILTER }),
    ...wordsFilter(t, 'Customers'),
    search: t.string({
      description:
        'Customers whose name, e-mail address or reference contains this text, ignoring case. Up to 100 characters.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Customers created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Customers created before this moment.' }),
  }),
})

const customers = list({
  name: 'Customer',
  type: CustomerRef,
  table: 'customer',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the customer was created.' },
    UPDATED_AT: { column: 'updated_at', description: 'When the customer was last changed.' },
    NAME: { column: bytewise('name'), description: 'The first name.' },
  },
  filter: {
    type: CustomerFilter,
    conditions: ({ archived, email, search, createdFrom, createdBefore, ...words }, context) => [
      archived ? isNotNull('deleted_at') : isNull('deleted_at'),
      ...hasWords(context, words),
      ...(email ? [reachedAt(context, email)] : []),
      ...(search ? [contains(['name', 'last_name', 'email', 'reference'], search)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const CustomerBy = builder.inputType('CustomerBy', {
  description: 'Identifies one customer by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the customer.' }),
    reference: t.string({ description: "The merchant's own identifier of the customer." }),
    email: t.string({
      description:
        'The e-mail address, ignoring case. That of a customer who was merged finds the one they were merged with.',
    }),
  }),
})

async function customerBy(loaders: Loaders, id: string) {
  const customer = await loaders.one('customer', id)
  return customer?.mergedIntoId ? loaders.one('customer', customer.mergedIntoId) : customer
}

builder.queryFields((t) => ({
  customer: t.field({
    type: CustomerRef,
    nullable: true,
    description:
      'Returns one customer. Null when it does not exist or the key has no access to it. The id or e-mail address of a customer who was merged returns the one they were merged with. An archived customer is found by id, and not by reference or e-mail address, which another may have.',
    authScopes: { key: true },
    args: {
      by: t.arg({ type: CustomerBy, required: true, description: 'How the customer is identified.' }),
      sellerId: sellerArg(t),
    },
    resolve: async (_root, { by, sellerId }, context) => {
      const { loaders } = context
      const owner = refersTo('user_id', 'User', sellerId)
      if (by.reference != null) return loaders.named('customer', owner, equals('reference', normalText(by.reference)))
      if (by.email != null) {
        const now = await loaders.named('customer', owner, emailIs('email', emailKey(by.email)))
        return now ?? loaders.named('customer', owner, reachedAt(context, by.email))
      }
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Customer' ? customerBy(loaders, id.uuid) : null
    },
  }),
  customers: t.field({
    ...customers.field(t),
    description: 'The customers, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => customers.open(context, args),
  }),
}))

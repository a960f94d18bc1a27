import { atLeast, below, bytewise, contains, emailIs, equals, isNull } from '../../db/condition.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { emailKey, normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { present } from '../loaders.ts'
import { mutation } from '../mutation.ts'
import { CustomerRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'
import { payments } from './payment.ts'
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
  description: 'A postal address.',
  fields: (t) => ({
    line1: t.exposeString('line1', { nullable: true, description: 'Street and number.' }),
    line2: t.exposeString('line2', { nullable: true, description: 'More of the street.' }),
    city: t.exposeString('city', { nullable: true, description: 'City or town.' }),
    state: t.exposeString('state', { nullable: true, description: 'State, province or region.' }),
    postalCode: t.exposeString('postalCode', { nullable: true, description: 'Postal code.' }),
    country: t.exposeString('country', { nullable: true, description: 'Country, as two letters.' }),
  }),
})

const AddressInput = builder.inputType('AddressInput', {
  description: 'A postal address.',
  fields: (t) => ({
    line1: t.string({ description: 'Street and number: up to 200 characters.' }),
    line2: t.string({ description: 'More of the street: up to 200 characters.' }),
    city: t.string({ description: 'City or town: up to 100 characters.' }),
    state: t.string({ description: 'State, province or region: up to 100 characters.' }),
    postalCode: t.string({ description: 'Postal code: up to 20 characters.' }),
    country: t.string({ description: 'Country, as two letters.' }),
  }),
})

CustomerRef.implement({
  description: 'Who pays.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: cust_…', resolve: ({ id }) => encodeId('Customer', id) }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: "The merchant's own name for the customer.",
    }),
    name: t.exposeString('name', { description: 'The first name, or the only one.' }),
    lastName: t.exposeString('lastName', { nullable: true, description: 'The last name.' }),
    email: t.exposeString('email', { nullable: true, description: 'The e-mail address.' }),
    phone: t.exposeString('phone', { nullable: true, description: 'The phone number.' }),
    address: t.field({
      type: Address,
      nullable: true,
      description: 'The postal address.',
      resolve: ({ address }) => address as AddressShape | null,
    }),
    payments: t.field({
      ...payments.field(t),
      description: 'What the customer paid, newest first.',
      resolve: (customer, args, context) =>
        payments.open(context, args, {
          parentId: customer.id,
          belongs: (alias, parent) => `${alias}.customer_id = ${parent}`,
        }),
    }),
    subscriptions: t.field({
      ...subscriptions.field(t),
      description: 'What the customer subscribed to, newest first.',
      resolve: (customer, args, context) =>
        subscriptions.open(context, args, {
          parentId: customer.id,
          belongs: (alias, parent) => `${alias}.customer_id = ${parent}`,
        }),
    }),
    seller: sellerField(t),
    providerLinks: t.field({
      type: [ProviderLinkRef],
      description: 'What providers call the customer, where they keep a copy.',
      resolve: (customer, _args, { loaders }) => loaders.links(customer.id),
    }),
    metadata: t.field({ type: 'JSON', description: "The merchant's own data.", resolve: ({ metadata }) => metadata }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (customer, args, context) => moment(customer.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When it last changed.',
      resolve: (customer, args, context) => moment(customer.updatedAt, args, context),
    }),
  }),
})

const CustomerFilter = builder.inputType('CustomerFilter', {
  description: 'Which customers.',
  fields: (t) => ({
    email: t.string({ description: 'The e-mail address, whatever its case.' }),
    search: t.string({
      description: 'Text that a name, the e-mail address or the reference contains, up to 100 characters.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

const customers = list({
  name: 'Customer',
  type: CustomerRef,
  table: 'customer',
  where: [isNull('deleted_at')],
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it was made.' },
    UPDATED_AT: { column: 'updated_at', description: 'When it last changed.' },
    NAME: { column: bytewise('name'), description: 'The first name.' },
  },
  filter: {
    type: CustomerFilter,
    conditions: ({ email, search, createdFrom, createdBefore }) => [
      ...(email ? [emailIs('email', emailKey(email))] : []),
      ...(search ? [contains(['name', 'last_name', 'email', 'reference'], search)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const CustomerBy = builder.inputType('CustomerBy', {
  description: 'Which customer: by one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id.' }),
    reference: t.string({ description: "The merchant's own name for the customer." }),
    email: t.string({ description: 'The e-mail address, whatever its case.' }),
  }),
})

builder.queryFields((t) => ({
  customer: t.field({
    type: CustomerRef,
    nullable: true,
    description: 'One customer; null when there is none, or none that the key may see.',
    authScopes: { key: true },
    args: { by: t.arg({ type: CustomerBy, required: true, description: 'Which.' }), sellerId: sellerArg(t) },
    resolve: async (_root, { by, sellerId }, { loaders }) => {
      const owner = refersTo('user_id', 'User', sellerId)
      if (by.reference != null) return loaders.named('customer', owner, equals('reference', normalText(by.reference)))
      if (by.email != null) return loaders.named('customer', owner, emailIs('email', emailKey(by.email)))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Customer' ? present(await loaders.one('customer', id.uuid)) : null
    },
  }),
  customers: t.field({
    ...customers.field(t),
    description: 'The customers, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => customers.open(context, args),
  }),
}))

mutation('createCustomer', {
  description: 'Makes a customer.',
  idempotency: 'optional',
  defaults: { metadata: {} },
  input: (t) => ({
    name: t.string({ required: true, description: 'The first name, or the only one: 1 to 100 characters.' }),
    lastName: t.string({ description: 'The last name: 1 to 100 characters.' }),
    email: t.string({
      description: "The e-mail address, unique among the seller's customers, or among the organization's own.",
    }),
    phone: t.string({ description: 'The phone number: up to 30 characters.' }),
    address: t.field({ type: AddressInput, description: 'The postal address.' }),
    reference: t.string({
      description:
        "The merchant's own name for the customer, unique among the seller's customers, or among the organization's own: 1 to 100 characters.",
    }),
    metadata: t.field({ type: 'JSON', description: 'Own data: at most 24 keys with text, numbers or booleans.' }),
  }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer.' },
  run: (app, call, input) => app.customers.create(call, input),
})

mutation('updateCustomer', {
  description: 'Changes a customer. What is left out stays as it is.',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The customer.' }),
    name: t.string({ description: 'The first name, or the only one: 1 to 100 characters.' }),
    lastName: t.string({ description: 'The last name: 1 to 100 characters.' }),
    email: t.string({
      description: "The e-mail address, unique among the seller's customers, or among the organization's own.",
    }),
    phone: t.string({ description: 'The phone number: up to 30 characters.' }),
    address: t.field({ type: AddressInput, description: 'The postal address, in place of what there is.' }),
    metadata: t.field({ type: 'JSON', description: 'Own data, in place of what there is.' }),
  }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer as it is now.' },
  run: (app, call, input) => app.customers.update(call, input),
})

mutation('deleteCustomer', {
  description: 'Hides a customer. Their payments keep them.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The customer.' }) }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer as it was.' },
  run: (app, call, input) => app.customers.remove(call, input),
})

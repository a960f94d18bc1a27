import { builder } from '../builder.ts'
import { type InputFields, mutation } from '../mutation.ts'

const AddressInput = builder.inputType('AddressInput', {
  description: 'A postal address.',
  fields: (t) => ({
    line1: t.string({ description: 'The street and house number: up to 200 characters.' }),
    line2: t.string({ description: 'The second line of the street address: up to 200 characters.' }),
    city: t.string({ description: 'The city or town: up to 100 characters.' }),
    state: t.string({ description: 'The state, province or region: up to 100 characters.' }),
    postalCode: t.string({ description: 'The postal code: up to 20 characters.' }),
    country: t.string({ description: 'The country as a two-letter ISO 3166-1 code, such as DE.' }),
  }),
})

/** What may be said of a customer at any time. */
function detailFields(t: InputFields) {
  return {
    name: t.string({ description: 'The first name, or the only name: 1 to 100 characters on one line.' }),
    lastName: t.string({ description: 'The last name: 1 to 100 characters on one line.' }),
    email: t.string({
      description:
        'The e-mail address. It must be unique among the customers of the same seller, or of the organization. The address of a customer who was merged counts as one of the customer they were merged with.',
    }),
    phone: t.string({
      description:
        'The phone number with its country code, such as +44 20 7946 0958, or without where `address.country` is given. It is kept in the form of E.164. Up to 30 characters, without an extension.',
    }),
    address: t.field({ type: AddressInput, description: 'The postal address. Replaces an existing one as a whole.' }),
    language: t.string({ description: 'The language that the customer prefers, as a BCP 47 tag such as de-AT.' }),
    taxId: t.string({ description: 'The tax id, such as a VAT number: up to 50 characters. It is not checked.' }),
    taxIdCountry: t.string({ description: 'The country of the tax id as a two-letter ISO 3166-1 code.' }),
    reference: t.string({
      description:
        "The merchant's own identifier of the customer: 1 to 100 characters on one line. It must be unique among the customers of the same seller, or of the organization.",
    }),
  }
}

mutation('createCustomer', {
  description:
    'Creates a customer. At least one of name, last name, e-mail address, phone number and reference must be given.',
  idempotency: 'optional',
  defaults: { metadata: {} },
  input: (t) => ({
    ...detailFields(t),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant: at most 24 keys, each with a string, number or boolean.',
    }),
  }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer that was created.' },
  run: (app, call, input) => app.customers.create(call, input),
})

mutation('updateCustomer', {
  description:
    'Changes a customer. Fields that are left out keep their value; null clears a field. A name, a last name, an e-mail address, a phone number or a reference must remain, or the change is refused with REQUIRED. Where nothing changes there is no event. An archived customer is refused with INVALID_STATE: restore them first.',
  idempotency: 'optional',
  nulls: [
    'name',
    'lastName',
    'email',
    'phone',
    'address',
    'language',
    'taxId',
    'taxIdCountry',
    'reference',
    'metadata',
  ],
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the customer.' }),
    ...detailFields(t),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant. Replaces the existing metadata; null clears it.',
    }),
  }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer after the change.' },
  run: (app, call, input) => app.customers.update(call, input),
})

mutation('deleteCustomer', {
  description:
    'Archives a customer, which is what deleting does, so that nothing that refers to them is lost: they are left out of lists and can have no new checkouts, stay visible on what they have, and can be taken back with `restoreCustomer`. Their reference and e-mail address can be used again.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the customer.' }) }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer that was deleted.' },
  run: (app, call, input) => app.customers.remove(call, input),
})

mutation('restoreCustomer', {
  description:
    'Takes a customer back out of the archive. Refused with ALREADY_EXISTS when another customer has the reference or e-mail address by now, and with INVALID_STATE when the customer was merged.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the customer.' }) }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer that was restored.' },
  run: (app, call, input) => app.customers.restore(call, input),
})

mutation('mergeCustomers', {
  description:
    'Merges two customers of the same seller, or of the organization, into one. The payments, subscriptions, checkouts and refunds of the one become those of the other, who also gets what is known of the one where nothing is known of the other. The one is archived, cannot be restored, and its id returns the other. A repeat changes nothing.',
  idempotency: 'optional',
  input: (t) => ({
    fromId: t.id({ required: true, description: 'The id of the customer that is archived.' }),
    intoId: t.id({ required: true, description: 'The id of the customer that stays.' }),
  }),
  object: { name: 'customer', kind: 'Customer', description: 'The customer that stays.' },
  run: (app, call, input) => app.customers.merge(call, input),
})

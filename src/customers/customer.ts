import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { CustomerRow } from '../db/rows.ts'
import type { CUSTOMER_OBJECT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { country } from '../kernel/country.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { email, id, line, metadata, optional, reference, text } from '../kernel/input.ts'
import { language } from '../kernel/language.ts'
import { phoneNumber } from '../kernel/phone.ts'

/** Who pays. */

const address = z.object({
  line1: optional(line(200)),
  line2: optional(line(200)),
  city: optional(line(100)),
  state: optional(line(100)),
  postalCode: optional(line(20)),
  country: optional(country),
})

/** Null is nothing: what a new customer has not, and what a change takes out. */
const details = {
  name: line(100).nullish(),
  lastName: line(100).nullish(),
  email: email.nullish(),
  phone: text(30).nullish(),
  address: address.nullish(),
  language: language.nullish(),
  taxId: line(50).nullish(),
  taxIdCountry: country.nullish(),
  metadata: metadata.nullish(),
  reference: reference.nullish(),
}

const NOBODY = 'A customer needs a name, an e-mail address, a phone number or a reference'

/** Checks that need several fields are made beside those of each field, so that all errors come at once. */
export const CreateCustomer = z
  .object(details)
  .refine(isKnown, { error: NOBODY, path: ['name'], params: { code: 'REQUIRED' }, when: isObject })
  .refine(hasNumber, { error: phoneRule(), path: ['phone'], when: isPhoneSound })
  .transform(withNumber)

export const UpdateCustomer = z
  .object({ id: id('Customer'), ...details })
  .refine(hasNumber, { error: phoneRule(), path: ['phone'], when: isPhoneSound })
  .transform(withNumber)

export const CustomerId = z.object({ id: id('Customer') })

export const MergeCustomers = z
  .object({ fromId: id('Customer'), intoId: id('Customer') })
  .refine(({ fromId, intoId }) => fromId !== intoId, {
    error: 'must be another customer than `fromId`',
    path: ['intoId'],
  })

interface Given {
  readonly phone?: string | null | undefined
  readonly address?: { readonly country?: string | undefined } | null | undefined
}

type Known = { readonly [Part in 'name' | 'lastName' | 'email' | 'phone' | 'reference']?: string | null | undefined }

/** A customer of whom nothing is known could never be found again. */
function isKnown({ name, lastName, email, phone, reference }: Known): boolean {
  return [name, lastName, email, phone, reference].some((part) => part !== undefined && part !== null)
}

function isObject({ value }: z.core.ParsePayload): boolean {
  return typeof value === 'object' && value !== null
}

/** Whether nothing is wrong so far with the number and the country that it may be read as one of. */
function isPhoneSound(payload: z.core.ParsePayload): boolean {
  return isObject(payload) && !payload.issues.some(({ path }) => path?.[0] === 'phone' || path?.[0] === 'address')
}

function phoneRule(): string {
  const rule = 'must be a phone number with its country code and without an extension, such as +49 30 901820'
  return `${rule}; the country code can be left out where \`address.country\` is given`
}

function hasNumber({ phone, address }: Given): boolean {
  return typeof phone !== 'string' || phoneNumber(phone, address?.country) !== undefined
}

function withNumber<Wanted extends Given>(wanted: Wanted): Wanted {
  const phone = wanted.phone && phoneNumber(wanted.phone, wanted.address?.country)
  return phone ? { ...wanted, phone } : wanted
}

/**
 * What a change makes different of a customer. Left out stays as it is, null takes out.
 * @throws DomainError REQUIRED where nothing would be left that the customer can be found by
 */
export function changesOf(before: CustomerRow, wanted: Partial<z.output<typeof UpdateCustomer>>): Partial<CustomerRow> {
  const { name, metadata, address, id: _id, ...rest } = wanted
  const given = {
    ...rest,
    ...(name !== undefined && { name: name ?? '' }),
    ...(metadata !== undefined && { metadata: metadata ?? {} }),
    ...(address !== undefined && { address: address && JSON.parse(JSON.stringify(address)) }),
  }
  const isNew = ([key, value]: [string, unknown]) =>
    value !== undefined && !isDeepStrictEqual(value, before[key as keyof CustomerRow])
  const changes: Partial<CustomerRow> = Object.fromEntries(Object.entries(given).filter(isNew))
  const after = { ...before, ...changes }
  if (isKnown({ ...after, name: nameOf(after) })) return changes
  const [field = 'name'] = Object.keys(changes)
  throw new DomainError({ code: 'REQUIRED', message: NOBODY, field: [field] })
}

/** The customer as events and webhooks show it. */
export function customerObject(customer: CustomerRow): ObjectOf<typeof CUSTOMER_OBJECT> {
  const { reference, lastName, email, phone, language, taxId, taxIdCountry, metadata } = customer
  return {
    id: encodeId('Customer', customer.id),
    reference,
    name: nameOf(customer),
    lastName,
    email,
    phone,
    language,
    taxId,
    taxIdCountry,
    mergedInto: customer.mergedIntoId && encodeId('Customer', customer.mergedIntoId),
    metadata,
  }
}

/** The first or only name; null where none is known. */
export function nameOf({ name }: Pick<CustomerRow, 'name'>): string | null {
  return name === '' ? null : name
}

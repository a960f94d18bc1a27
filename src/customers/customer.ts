import { z } from 'zod'
import type { CustomerRow } from '../db/rows.ts'
import type { CUSTOMER_OBJECT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { country } from '../kernel/country.ts'
import { encodeId } from '../kernel/id.ts'
import { email, id, metadata, optional, reference, refuse, text } from '../kernel/input.ts'
import { language } from '../kernel/language.ts'
import { phoneNumber } from '../kernel/phone.ts'

/** Who pays. */

const address = z.object({
  line1: optional(text(200)),
  line2: optional(text(200)),
  city: optional(text(100)),
  state: optional(text(100)),
  postalCode: optional(text(20)),
  country: optional(country),
})

const details = {
  name: optional(text(100)),
  lastName: optional(text(100)),
  email: optional(email),
  phone: optional(text(30)),
  address: optional(address),
  language: optional(language),
  taxId: optional(text(50)),
  taxIdCountry: optional(country),
  metadata: optional(metadata),
}

export const CreateCustomer = z
  .object({ ...details, reference: optional(reference) })
  .superRefine(checkKnown)
  .transform(withPhone)

export const UpdateCustomer = z.object({ id: id('Customer'), ...details }).transform(withPhone)

export const CustomerId = z.object({ id: id('Customer') })

export const MergeCustomers = z
  .object({ fromId: id('Customer'), intoId: id('Customer') })
  .refine(({ fromId, intoId }) => fromId !== intoId, {
    error: 'must be another customer than `fromId`',
    path: ['intoId'],
  })

interface Given {
  readonly phone?: string | undefined
  readonly address?: { readonly country?: string | undefined } | undefined
}

type Known = Given & { readonly [Part in 'name' | 'lastName' | 'email' | 'reference']?: string | undefined }

/** A customer of whom nothing is known could never be found again. */
function checkKnown({ name, lastName, email, phone, reference }: Known, context: z.core.$RefinementCtx): void {
  if (name ?? lastName ?? email ?? phone ?? reference) return
  refuse(context, 'REQUIRED', 'A customer needs a name, an e-mail address, a phone number or a reference', ['name'])
}

function withPhone<Wanted extends Given>(wanted: Wanted, context: z.core.$RefinementCtx): Wanted {
  if (wanted.phone === undefined) return wanted
  const phone = phoneNumber(wanted.phone, wanted.address?.country)
  if (phone !== undefined) return { ...wanted, phone }
  const rule = 'must be a phone number with its country code and without an extension, such as +49 30 901820'
  refuse(context, 'INVALID', `${rule}; the country code can be left out where \`address.country\` is given`, ['phone'])
  return wanted
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

import { z } from 'zod'
import type { CustomerRow } from '../db/rows.ts'
import type { CUSTOMER_OBJECT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import { email, id, metadata, optional, reference, text } from '../kernel/input.ts'

/** Who pays. */

const address = z.object({
  line1: optional(text(200)),
  line2: optional(text(200)),
  city: optional(text(100)),
  state: optional(text(100)),
  postalCode: optional(text(20)),
  country: optional(text(2, 2)),
})

const details = {
  lastName: optional(text(100)),
  email: optional(email),
  phone: optional(text(30)),
  address: optional(address),
  metadata: optional(metadata),
}

export const CreateCustomer = z.object({ name: text(100), ...details, reference: optional(reference) })

export const UpdateCustomer = z.object({ id: id('Customer'), name: optional(text(100)), ...details })

export const CustomerId = z.object({ id: id('Customer') })

/** The customer as events and webhooks show it. */
export function customerObject(customer: CustomerRow): ObjectOf<typeof CUSTOMER_OBJECT> {
  const { reference, name, lastName, email, phone, metadata } = customer
  return { id: encodeId('Customer', customer.id), reference, name, lastName, email, phone, metadata }
}

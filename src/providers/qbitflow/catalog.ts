import { z } from 'zod'
import type { Customers, WantedCustomer } from '../port/customers.ts'
import type { Products, WantedProduct } from '../port/products.ts'
import { type Client, orFind } from './client.ts'
import * as wire from './wire.ts'

export function productsOf({ call }: Client): Products {
  return {
    create: (wanted) =>
      orFind(
        async () => String((await call(wire.Created, 'POST', '/product', productBody(wanted))).id),
        async () => {
          const path = `/product/reference/${encodeURIComponent(wanted.reference)}`
          return String((await call(wire.Created, 'GET', path)).id)
        },
      ),
    async update(reference, wanted) {
      await call(z.unknown(), 'PUT', `/product/${reference}`, productBody(wanted))
    },
  }
}

export function customersOf({ call }: Client): Customers {
  return {
    create: (wanted) =>
      orFind(
        async () => (await call(wire.CustomerCreated, 'POST', '/customer/', customerBody(wanted))).uuid,
        async () => {
          const path = `/customer/email/${encodeURIComponent(wanted.email)}`
          return (await call(wire.CustomerCreated, 'GET', path)).uuid
        },
      ),
    async update(reference, wanted) {
      await call(z.unknown(), 'PUT', `/customer/${reference}`, customerBody(wanted))
    },
  }
}

function productBody({ reference, name, description, price }: WantedProduct) {
  return { reference, name, description, price: wire.floatFromUsd(price) }
}

export function customerBody({ reference, name, lastName, email, phone }: Partial<WantedCustomer>) {
  return { reference, name, lastName, email, phoneNumber: phone }
}

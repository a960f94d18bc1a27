import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ProviderAnswerLost, ProviderRefused } from '../errors.ts'
import { callProvider, type ProviderHttp } from '../http.ts'
import type { Connection, Provider, WantedCustomer, WantedProduct } from '../port.ts'
import { canonical, proveSignature } from './signature.ts'
import { watchStatus } from './watch.ts'
import * as wire from './wire.ts'

const PROVIDER = 'QBITFLOW'

/** QBitFlow: hosted checkouts paid in crypto, priced in USD. Credentials: `apiKey`, `webhookSecret`. */
export function qbitflow(connection: Connection) {
  const apiKey = credential(connection, 'apiKey')
  const webhookSecret = credential(connection, 'webhookSecret')
  const http: ProviderHttp = {
    provider: PROVIDER,
    baseUrl: connection.baseUrl,
    headers: { 'x-api-key': apiKey },
    fetch: connection.fetch,
    messageFrom,
  }

  async function call<T extends z.ZodType>(shape: T, method: string, path: string, body?: unknown) {
    const answer = shape.safeParse(await callProvider(http, method, path, body))
    if (answer.success) return answer.data
    const message = `${PROVIDER} answered in an unknown form: ${z.prettifyError(answer.error)}`
    throw new ProviderAnswerLost({ provider: PROVIDER, message })
  }

  /** What is there after all when a create was refused as a duplicate, or its answer was lost. */
  async function orFind<T>(create: () => Promise<T>, find: () => Promise<T>): Promise<T> {
    try {
      return await create()
    } catch (error) {
      if (!(error instanceof ProviderRefused || error instanceof ProviderAnswerLost)) throw error
      return (await find().catch(orUndefinedWhenMissing)) ?? raise(error)
    }
  }

  return {
    name: PROVIDER,

    health: {
      async probe() {
        await call(z.unknown(), 'GET', '/user')
      },
    },

    products: {
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
    },

    customers: {
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
    },

    checkouts: {
      kinds: ['PAYMENT'],
      currencies: ['USD'],
      async open(wanted) {
        const session = await call(wire.SessionCreated, 'POST', '/transaction/session-checkout/new/payment', {
          ...(wanted.product === undefined
            ? {
                productName: wanted.item.name,
                description: wanted.item.description,
                price: wire.floatFromUsd(wanted.item.price),
              }
            : { productId: Number(wanted.product) }),
          customerUUID: wanted.customer,
          successUrl: wanted.successUrl,
          cancelUrl: wanted.cancelUrl,
          webhookUrl: wanted.notifyUrl,
          reference: wanted.idempotencyKey,
        })
        return {
          reference: wire.bare(session.uuid),
          url: session.link,
          ...(session.expiresAt !== undefined && { expiresAt: new Date(session.expiresAt * 1000) }),
        }
      },
    },

    status: {
      async lookup(checkout) {
        const path = `/transaction/status?txUUID=pay@${checkout}&txType=payment`
        return call(wire.Status, 'GET', path).catch(orUndefinedWhenMissing)
      },
      async payment(checkout) {
        const payment = await call(wire.Payment, 'GET', `/transaction/payment/pay@${checkout}`)
        const customer = await call(wire.Customer, 'GET', `/transaction/customer/pay@${checkout}`).catch(
          orUndefinedWhenMissing,
        )
        return wire.paymentFrom(payment, customer)
      },
      watch: (checkout, signal) => watchStatus(connection, apiKey, checkout, signal),
    },

    notifications: {
      prove(headers, rawBody, now) {
        proveSignature(webhookSecret, headers, rawBody, now)
        return createHash('sha256')
          .update(canonical(JSON.parse(rawBody)))
          .digest('hex')
      },
      read(rawBody) {
        const webhook = wire.TransactionWebhook.safeParse(JSON.parse(rawBody))
        if (!webhook.success) return undefined
        return {
          checkout: wire.bare(webhook.data.uuid),
          ...(webhook.data.status && { status: webhook.data.status }),
        }
      },
    },

    simulation: {
      async play(checkout, outcome, { currency, customer }) {
        const origin = connection.baseUrl.replace(/\/v1$/, '')
        const body = { outcome, currencySymbol: currency, customer: customer && customerBody(customer) }
        await callProvider({ ...http, baseUrl: origin }, 'POST', `/_sandbox/sessions/${checkout}/play`, body)
      },
    },
  } satisfies Provider
}

function credential(connection: Connection, name: string): string {
  const value = connection.credentials[name]
  if (!value) throw new Error(`the connection with ${PROVIDER} has no ${name}`)
  return value
}

function productBody({ reference, name, description, price }: WantedProduct) {
  return { reference, name, description, price: wire.floatFromUsd(price) }
}

function customerBody({ reference, name, lastName, email, phone }: Partial<WantedCustomer>) {
  return { reference, name, lastName, email, phoneNumber: phone }
}

function messageFrom(body: unknown): string | undefined {
  const shape = z.object({
    error: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  const parsed = shape.safeParse(body)
  if (!parsed.success) return undefined
  return parsed.data.error ?? parsed.data.errors?.map(({ field, message }) => `${field}: ${message}`).join('; ')
}

function orUndefinedWhenMissing(error: unknown): undefined {
  if (error instanceof ProviderRefused && error.failure.providerCode === '404') return undefined
  throw error
}

function raise(error: unknown): never {
  throw error
}

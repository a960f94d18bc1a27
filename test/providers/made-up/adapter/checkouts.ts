import type { Checkouts } from '../../../../src/providers/port/checkouts.ts'
import type { Status } from '../../../../src/providers/port/status.ts'
import { type Client, isRefusedWith, orUndefinedWhenMissing } from './client.ts'
import * as wire from './wire.ts'

const PAGE = 50

export function checkoutsOf({ call }: Client): Checkouts {
  return {
    kinds: ['PAYMENT'],
    currencies: ['JPY'],
    async open({ idempotencyKey, item, successUrl, cancelUrl, notifyUrl }) {
      const fields = {
        order_no: idempotencyKey,
        amount: String(item.price.minor),
        currency: item.price.currency.code,
        title: item.name,
        detail: item.description,
        return_url: successUrl,
        cancel_url: cancelUrl,
        notify_url: notifyUrl,
      }
      const opened = await call(wire.Checkout, 'write', '/checkouts/open', fields).catch((error) => {
        // An earlier attempt did it, whose answer was lost.
        if (!isRefusedWith(error, 'NUMBER_USED')) throw error
        return call(wire.Checkout, 'read', '/checkouts/query', { order_no: idempotencyKey })
      })
      return { reference: opened.checkout_no, url: opened.page_url, expiresAt: opened.expires_at }
    },
  }
}

export function statusOf({ call }: Client): Status {
  return {
    async lookup(checkout) {
      const fields = { checkout_no: checkout }
      const found = await call(wire.Checkout, 'read', '/checkouts/query', fields).catch(orUndefinedWhenMissing)
      return found && wire.statusFrom(found)
    },
    async payment(checkout) {
      const fields = { checkout_no: checkout }
      const found = await call(wire.Payment, 'read', '/payments/query', fields).catch(orUndefinedWhenMissing)
      return found && wire.paymentFrom(found)
    },
    async *received() {
      for (let page = 1; ; page++) {
        const fields = { page: String(page), page_size: String(PAGE) }
        const { payments } = await call(wire.PaymentList, 'read', '/payments/list', fields)
        yield payments.map(wire.sightingFrom)
        if (payments.length < PAGE) return
      }
    },
  }
}

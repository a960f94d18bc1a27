import type { Refunds } from '../../../../src/providers/port/refunds.ts'
import { type Client, isRefusedWith, orUndefinedWhenMissing } from './client.ts'
import * as wire from './wire.ts'

const PAGE = 50
const REASON_LENGTH = 200

/** Refunds that the merchant issues. Customers do not ask for any. */
export function refundsOf({ call }: Client): Refunds {
  return {
    issuing: {
      async issue({ ourId, payment, amount, reason }) {
        const fields = {
          refund_order_no: ourId,
          payment_no: payment,
          amount: String(amount.minor),
          reason: [...reason].slice(0, REASON_LENGTH).join(''),
        }
        const created = await call(wire.Refund, 'write', '/refunds/create', fields).catch((error) => {
          // An earlier attempt did it, whose answer was lost.
          if (!isRefusedWith(error, 'NUMBER_USED')) throw error
          return call(wire.Refund, 'read', '/refunds/query', { refund_order_no: ourId })
        })
        return wire.refundFrom(created)
      },
      async find(ourId) {
        const fields = { refund_order_no: ourId }
        const found = await call(wire.Refund, 'read', '/refunds/query', fields).catch(orUndefinedWhenMissing)
        return found && wire.refundFrom(found)
      },
    },
    async lookup(payment) {
      const fields = { payment_no: payment, page_size: '1' }
      const [latest] = (await call(wire.RefundList, 'read', '/refunds/list', fields)).refunds
      return latest && wire.refundFrom(latest)
    },
    waiting: async () => [],
    async *answered() {
      for (let page = 1; ; page++) {
        const fields = { page: String(page), page_size: String(PAGE) }
        const { refunds } = await call(wire.RefundList, 'read', '/refunds/list', fields)
        yield refunds.map(wire.refundFrom)
        if (refunds.length < PAGE) return
      }
    },
  }
}

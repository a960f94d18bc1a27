import { z } from 'zod'
import { CALL_FAULTS, NOTIFICATION_FAULTS, PAYMENT_FAULTS } from '../contract/faults.ts'
import type { ContractProvider, RefundEnd } from '../contract/provider.ts'
import { clientOf } from './adapter/client.ts'
import { MADE_UP } from './row.ts'

const REFUND_ENDS: Readonly<Record<RefundEnd, string>> = {
  PAID: 'DONE',
  FAILED_FOR_NOW: 'FAILED',
  FAILED_FOR_GOOD: 'FAILED_FOR_GOOD',
  REFUSED_FOR_NOW: 'BALANCE_TOO_LOW',
}

export const MADE_UP_CONTRACT: ContractProvider = {
  name: 'MADE_UP',
  row: MADE_UP,
  price: { amount: '1000', currency: 'JPY' },
  faults: { calls: CALL_FAULTS, notifications: NOTIFICATION_FAULTS, payments: PAYMENT_FAULTS },
  opening: { PAYMENT: { act: 'POST /checkouts/open' } },
  payment: ['POST /checkouts/query', 'POST /payments/query'],
  issuedRefunds: {
    issue: { act: 'POST /refunds/create' },
    read: { one: ['POST /refunds/query'], all: ['POST /refunds/list'] },
    async decide(account, end) {
      await clientOf(account).control(z.null(), 'POST', '/refunds', { next: REFUND_ENDS[end] })
    },
  },
  lateFees: {
    // 3.6 %, rounded half up.
    feeOf: (amountMinor) => (amountMinor * 36n + 500n) / 1_000n,
    afterSeconds: 3_600,
    read: ['POST /payments/list', 'POST /payments/query'],
  },
}

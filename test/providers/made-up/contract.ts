import { CALL_FAULTS, NOTIFICATION_FAULTS, PAYMENT_FAULTS } from '../contract/faults.ts'
import type { ContractProvider } from '../contract/provider.ts'
import { MADE_UP } from './row.ts'

export const MADE_UP_CONTRACT: ContractProvider = {
  name: 'MADE_UP',
  row: MADE_UP,
  price: { amount: '1000', currency: 'JPY' },
  faults: { calls: CALL_FAULTS, notifications: NOTIFICATION_FAULTS, payments: PAYMENT_FAULTS },
  opening: { PAYMENT: { act: 'POST /checkouts/open' } },
  payment: ['POST /checkouts/query', 'POST /payments/query'],
  lateFees: {
    // 3.6 %, rounded half up.
    feeOf: (amountMinor) => (amountMinor * 36n + 500n) / 1_000n,
    afterSeconds: 3_600,
    read: ['POST /payments/list', 'POST /payments/query'],
  },
}

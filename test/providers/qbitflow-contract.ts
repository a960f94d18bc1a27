import { PROVIDERS, type ProviderRow } from '../../src/providers/providers.ts'
import { CALL_FAULTS, NOTIFICATION_FAULTS, PAYMENT_FAULTS } from './contract/faults.ts'
import type { ContractProvider } from './contract/provider.ts'

const SESSION = 'POST /transaction/session-checkout*'
const SUBSCRIPTION = 'GET /transaction/subscription/sub@*'
const HISTORY = 'GET /transaction/subscription/history/*'

export const QBITFLOW_CONTRACT: ContractProvider = {
  name: 'QBITFLOW',
  row: PROVIDERS.QBITFLOW as ProviderRow,
  price: { amount: '10.00', currency: 'USD' },
  paysWith: 'USDC',
  async prepare({ baseUrl, credentials, fetch }) {
    const url = `${baseUrl.replace(/\/v1$/, '')}/_sandbox/organization`
    const headers = { 'x-api-key': credentials.apiKey ?? '', 'content-type': 'application/json' }
    const body = JSON.stringify({ earlyTestBilling: true, refundWebhooks: true })
    const { ok, status } = await fetch(url, { method: 'PUT', headers, body })
    if (!ok) throw new Error(`the organization could not be changed: ${status}`)
  },
  faults: { calls: CALL_FAULTS, notifications: NOTIFICATION_FAULTS, payments: PAYMENT_FAULTS },
  opening: {
    PAYMENT: { act: `${SESSION}/payment`, before: ['POST /product', 'POST /customer'] },
    SUBSCRIPTION: { act: `${SESSION}/subscription` },
    PAY_AS_YOU_GO: { act: SESSION },
  },
  payment: ['GET /transaction/status', 'GET /transaction/payment/*', 'GET /transaction/customer/*'],
  subscriptions: {
    read: {
      start: ['GET /transaction/status', SUBSCRIPTION, HISTORY, 'GET /transaction/customer/*'],
      life: [SUBSCRIPTION, HISTORY],
    },
    forceCancel: { act: 'GET /transaction/subscription/processing/force-cancel/*' },
    testBilling: { act: 'GET /transaction/subscription/processing/execute-billing/*' },
  },
  reportUsage: {
    act: 'POST /transaction/subscription/payg/increase-units-current-period',
    before: [SUBSCRIPTION],
  },
  customerRefunds: {
    approve: { act: 'POST /_sandbox/refunds/*/approve' },
    refuse: { act: 'POST /_sandbox/refunds/*/refuse' },
    read: {
      one: ['GET /transaction/refunds/by-transaction/*'],
      all: ['GET /transaction/refunds/all', 'GET /transaction/refunds/all/inactive'],
    },
  },
}

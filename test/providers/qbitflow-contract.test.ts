import { qbitflow } from '../../src/providers/qbitflow/index.ts'
import { qbitflowOf } from '../support/app.ts'
import { openShop } from '../support/shop.ts'
import { noSocket } from '../support/wire.ts'
import { providerContract } from './contract/suite.ts'

const SESSION = 'POST /transaction/session-checkout*'
const SUBSCRIPTION = 'GET /transaction/subscription/sub@*'
const HISTORY = 'GET /transaction/subscription/history/*'

providerContract({
  name: 'QBITFLOW',
  async openShop() {
    const shop = await openShop()
    await shop.control('/organization', { earlyTestBilling: true, refundWebhooks: true })
    return shop
  },
  async adapter({ app, owner, sandboxOrigin }) {
    const credentials = { ...(await qbitflowOf(app).provision(owner.tenantId)) }
    const baseUrl = `${await sandboxOrigin()}/sandbox/qbitflow/v1`
    return qbitflow({ credentials, baseUrl, fetch, openSocket: noSocket })
  },
  currency: 'USDC',
  opening: {
    PAYMENT: { act: `${SESSION}/payment`, before: ['POST /product', 'POST /customer'] },
    SUBSCRIPTION: { act: `${SESSION}/subscription` },
    PAY_AS_YOU_GO: { act: SESSION },
  },
  payment: ['GET /transaction/status', 'GET /transaction/payment/*', 'GET /transaction/customer/*'],
  subscription: {
    start: ['GET /transaction/status', SUBSCRIPTION, HISTORY, 'GET /transaction/customer/*'],
    life: [SUBSCRIPTION, HISTORY],
  },
  forceCancel: { act: 'GET /transaction/subscription/processing/force-cancel/*' },
  testBilling: { act: 'GET /transaction/subscription/processing/execute-billing/*' },
  reportUsage: {
    act: 'POST /transaction/subscription/payg/increase-units-current-period',
    before: [SUBSCRIPTION],
  },
  refund: {
    approve: { act: 'POST /_sandbox/refunds/*/approve' },
    refuse: { act: 'POST /_sandbox/refunds/*/refuse' },
    read: {
      one: ['GET /transaction/refunds/by-transaction/*'],
      all: ['GET /transaction/refunds/all', 'GET /transaction/refunds/all/inactive'],
    },
  },
})

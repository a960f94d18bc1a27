import { describe, expect, test } from 'vitest'
import { qbitflow } from '../../src/providers/qbitflow/index.ts'
import { noSocket } from '../support/wire.ts'

describe('a notification of a subscription', () => {
  const SUBSCRIPTION = { noun: 'SUBSCRIPTION', proof: false, reference: '1' }
  const { notifications } = qbitflow({
    baseUrl: 'https://provider.test/v1',
    credentials: { apiKey: 'sk', webhookSecret: 'whsec' },
    fetch,
    openSocket: noSocket,
  })
  const read = (body: object) => notifications.read(JSON.stringify(body))

  test('of a subscription names it', () => {
    for (const type of ['status_transition', 'billing']) {
      expect(read({ subscriptionUUID: 'sub@1', type, data: {} })).toEqual([SUBSCRIPTION])
    }
  })

  test('of what happens to one later names it by the session that it began with', () => {
    for (const txType of ['executeSubscription', 'cancelSubscription', 'increaseAllowance', 'updateMaxAmount']) {
      expect(read({ uuid: 'sub-hist@2', txType, session: { uuid: 'sub@1' }, status: null })).toEqual([SUBSCRIPTION])
    }
    expect(read({ uuid: 'sub@1', txType: 'cancelSubscription' })).toEqual([SUBSCRIPTION])
  })

  test('of its start hints at the checkout, and proves the page on which the customer manages it', () => {
    const status = { status: 'completed', txHash: '0x1' }
    const managementPageLink = 'https://pay.test/manage'
    const started = { noun: 'CHECKOUT', proof: false, reference: '1' }
    expect(read({ uuid: 'payg@1', txType: 'createPAYGSubscription', status, managementPageLink })).toEqual([
      { ...started, status: { state: 'COMPLETED', transactionHash: '0x1' } },
      {
        noun: 'SUBSCRIPTION',
        proof: true,
        subscription: '1',
        state: { managementUrl: managementPageLink },
        bills: [],
      },
    ])
    const failed = { status: 'failed' }
    expect(read({ uuid: 'sub@1', txType: 'createSubscription', status: failed, managementPageLink })).toEqual([
      { ...started, status: { state: 'FAILED' } },
    ])
    expect(read({ uuid: 'pay@1', txType: 'payment', status, managementPageLink })).toEqual([
      { ...started, status: { state: 'COMPLETED', transactionHash: '0x1' } },
    ])
  })
})

import { expect } from 'vitest'
import { PAYER } from './support.ts'

/** Every call of the API as its reference lists it. `{user}` in a call, a body or a shape stands for what is there. */
export interface Row {
  readonly call: string
  /** An id in the path that is malformed is as unknown like every other. */
  readonly malformed?: string
  readonly body?: object
  readonly status?: number
  readonly shape: object
  readonly isPublic?: boolean
}

const MESSAGE = { message: expect.any(String) }
const PAGE = { items: expect.any(Array), nextCursor: null }
const PRODUCT = { id: expect.any(Number), name: 'Tea', price: 3, reference: 'tea', isActive: true, test: true }
const USER = { id: expect.any(Number), role: expect.any(String), organizationFeeBps: 0, updatedAt: expect.any(String) }
const SESSION = { uuid: expect.stringMatching(/@/), link: expect.stringContaining('http') }
const ITEM = { productName: 'Coffee', description: 'Black', price: 2 }
const MONTHLY = { frequency: { value: 1, unit: 'months' } }
const list = (item: object) => expect.arrayContaining([expect.objectContaining(item)])

/** What may be called again and again, in any spelling. */
export const READS: readonly Row[] = [
  { call: 'GET /product', shape: list(PRODUCT) },
  { call: 'GET /product/id/{product}', malformed: 'GET /product/id/-1', shape: PRODUCT },
  { call: 'GET /product/reference/tea', malformed: 'GET /product/reference/a%2Fb', shape: PRODUCT },
  { call: 'PUT /product/{product}', malformed: 'PUT /product/x', body: {}, shape: PRODUCT },
  { call: 'GET /user', shape: { ...USER, role: 'owner' } },
  { call: 'GET /user/all', shape: list(USER) },
  { call: 'GET /user/id/{user}', malformed: 'GET /user/id/1.5', shape: USER },
  { call: 'PUT /user/{user}', malformed: 'PUT /user/0', body: { name: 'Sam' }, shape: USER },
  { call: 'POST /user/claim/request', body: { userId: '{user}' }, status: 201, shape: { ...MESSAGE, link: '{link}' } },
  {
    call: 'GET /user/claim/request/{user}',
    malformed: 'GET /user/claim/request/x',
    shape: { ...MESSAGE, link: '{link}' },
  },
  { call: 'GET /user/claim/funds', shape: [] },
  {
    call: 'GET /user/claim/funds/test-trigger/{user}',
    malformed: 'GET /user/claim/funds/test-trigger/x',
    shape: MESSAGE,
  },
  { call: 'GET /user/claim/funds/test-trigger?userID={user}', shape: MESSAGE },
  { call: 'GET /api-key', shape: list({ name: 'First key', role: 'owner', test: true, expiresAt: null }) },
  { call: 'GET /api-key/user/{user}', malformed: 'GET /api-key/user/x', shape: list({ name: 'Till', role: 'user' }) },
  { call: 'GET /customer/all', shape: PAGE },
  {
    call: 'GET /customer/uuid/{customer}',
    malformed: 'GET /customer/uuid/x',
    shape: { email: 'a@example.com', test: true },
  },
  { call: 'GET /customer/email/a%40example.com', shape: { uuid: '{customer}' } },
  { call: 'GET /customer/email/a@example.com', shape: { uuid: '{customer}' } },
  { call: 'PUT /customer/{customer}', malformed: 'PUT /customer/x', body: {}, shape: { uuid: '{customer}' } },
  { call: 'PUT /customer', body: { uuid: '{customer}' }, shape: { uuid: '{customer}' } },
  { call: 'POST /transaction/session-checkout/new/payment', body: ITEM, status: 201, shape: SESSION },
  {
    call: 'POST /transaction/session-checkout/new/payment',
    body: { productId: '{product}' },
    status: 201,
    shape: SESSION,
  },
  {
    call: 'POST /transaction/session-checkout/new/subscription',
    body: { ...ITEM, ...MONTHLY },
    status: 201,
    shape: SESSION,
  },
  {
    call: 'POST /transaction/session-checkout',
    body: ITEM,
    status: 201,
    shape: { ...SESSION, expiresAt: expect.any(Number) },
  },
  {
    call: 'POST /transaction/session-checkout',
    body: { ...ITEM, options: { subscriptionType: 'payAsYouGo', ...MONTHLY } },
    status: 201,
    shape: SESSION,
  },
  {
    call: 'POST /transaction/subscription/payg/increase-units-current-period',
    body: { subscriptionUUID: '{usage}', increaseByAmount: 1.5 },
    shape: MESSAGE,
  },
  {
    call: 'GET /transaction/session-checkout/{open}',
    malformed: 'GET /transaction/session-checkout/pay@x',
    shape: { uuid: '{open}', txType: 'payment', feeBps: 150, availableCurrencies: expect.any(Array) },
    isPublic: true,
  },
  {
    call: 'GET /transaction/session-checkout/{open}?closeToExpireError=false',
    shape: { uuid: '{open}' },
    isPublic: true,
  },
  { call: 'GET /transaction/payments', shape: PAGE },
  { call: 'GET /transaction/payments/combined', shape: { items: list({ source: 'subscription_history' }) } },
  {
    call: 'GET /transaction/payment/{payment}',
    malformed: 'GET /transaction/payment/pay@x',
    shape: { uuid: '{payment}' },
  },
  {
    call: 'GET /transaction/customer/{payment}',
    malformed: 'GET /transaction/customer/x',
    shape: { name: PAYER.name },
  },
  {
    call: 'GET /transaction/status?txUUID={payment}&txType=payment',
    malformed: 'GET /transaction/status?txUUID=pay@x&txType=payment',
    shape: { status: 'completed', type: 'payment', txHash: expect.any(String) },
    isPublic: true,
  },
  {
    call: 'GET /transaction/status?transactionUUID={payment}&transactionStatusType=payment',
    shape: { status: 'completed' },
    isPublic: true,
  },
  {
    call: 'GET /transaction/status?txUUID={refund}&txType=refund',
    shape: { status: 'cancelled', type: 'refund' },
    isPublic: true,
  },
  {
    call: 'GET /transaction/subscription/{subscription}',
    malformed: 'GET /transaction/subscription/sub@x',
    shape: { uuid: '{subscription}', subscriptionStatus: 'active', stopped: false },
  },
  {
    call: 'GET /transaction/subscription/history/{subscription}',
    shape: list({ subscriptionUUID: '{subscription}' }),
    isPublic: true,
  },
  {
    call: 'GET /transaction/refunds/by-transaction/{payment}',
    malformed: 'GET /transaction/refunds/by-transaction/not-a-uuid',
    shape: { txId: '{payment}', status: 'pending' },
    isPublic: true,
  },
  { call: 'GET /transaction/refunds/all', shape: list({ txId: '{payment}', status: 'pending' }) },
  { call: 'GET /transaction/refunds/all/inactive', shape: { items: list({ status: 'refused' }), nextCursor: null } },
  { call: 'GET /accounting/export?from=2020-01-01&to=2099-12-31&format=json', shape: list({ type: 'one_time' }) },
  {
    call: 'POST /webhooks/verify',
    body: { payload: {}, receivedSignature: 'sha256=0', receivedTimestamp: '0' },
    status: 400,
    shape: { error: 'signature mismatch' },
  },
  { call: 'GET /utils/all-available-currencies?test=true', shape: list({ symbol: 'USDC' }), isPublic: true },
  { call: 'GET /utils/all-main-currencies?test=true', shape: list({ symbol: 'ETH' }), isPublic: true },
]

/** What is called once. */
export const WRITES: readonly Row[] = [
  {
    call: 'POST /product',
    body: { name: 'Cup', description: 'Blue', price: 5 },
    status: 201,
    shape: { name: 'Cup', price: 5 },
  },
  { call: 'DELETE /product/{product}', malformed: 'DELETE /product/x', shape: MESSAGE },
  {
    call: 'POST /customer',
    body: { ...PAYER, email: 'd@example.com' },
    status: 201,
    shape: { uuid: expect.any(String) },
  },
  { call: 'DELETE /customer/uuid/{customer}', malformed: 'DELETE /customer/uuid/x', shape: MESSAGE },
  {
    call: 'POST /user',
    body: { name: 'Mia', lastName: 'Mint', email: 'mia@example.com', role: 'admin', password: 'ignored' },
    status: 201,
    shape: { role: 'admin', claimedAt: null },
  },
  { call: 'DELETE /user/{user}', malformed: 'DELETE /user/x', shape: MESSAGE },
  {
    call: 'POST /api-key',
    body: { name: 'Key', userId: 0, test: true },
    status: 201,
    shape: { data: { name: 'Key' }, key: expect.stringMatching(/^sk_/) },
  },
  { call: 'DELETE /api-key/{key}', malformed: 'DELETE /api-key/x', shape: MESSAGE },
  {
    call: 'GET /transaction/subscription/processing/execute-billing/{subscription}',
    malformed: 'GET /transaction/subscription/processing/execute-billing/x',
    status: 409,
    shape: { error: expect.stringContaining('is not due') },
  },
  {
    call: 'GET /transaction/subscription/processing/force-cancel/{subscription}',
    malformed: 'GET /transaction/subscription/processing/force-cancel/x',
    shape: MESSAGE,
  },
]

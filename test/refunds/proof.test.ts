import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RefundRow } from '../../src/db/rows.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { tamper } from '../support/tamper.ts'

let shop: Shop
let refund: RefundRow
beforeAll(async () => {
  shop = await openShop()
  const desk = refundDesk(shop)
  const asked = await desk.asked()
  await shop.app.refunds.approve(call(shop.owner), { id: encodeId('Refund', asked.id) })
  refund = await desk.reaches(asked, 'COMPLETED')
})
afterAll(() => shop.close())

const kinds = async () => {
  const { breaks } = await shop.app.ledger.proof(shop.owner.tenantId)
  return [...new Set(breaks.map(({ kind }) => kind))].toSorted()
}

const OF_REFUND = 'tenant_id = $1 AND cause_id = $2'
const THE_PAYMENT = 'tenant_id = $1 AND id = (SELECT payment_id FROM refund WHERE tenant_id = $1 AND id = $2)'

test.each([
  [
    'a completed refund without its posting',
    `UPDATE ledger_transaction SET recipe = 'other' WHERE ${OF_REFUND}`,
    `UPDATE ledger_transaction SET recipe = 'refundCompleted' WHERE ${OF_REFUND}`,
    ['refund_without_posting'],
  ],
  [
    'a posting for a refund that is not completed',
    `UPDATE refund SET status = 'FAILED' WHERE tenant_id = $1 AND id = $2`,
    `UPDATE refund SET status = 'COMPLETED' WHERE tenant_id = $1 AND id = $2`,
    ['given_back_differs', 'posting_without_refund', 'refund_without_event'],
  ],
  [
    'a posting of another amount than its refund',
    `UPDATE refund SET amount_minor = amount_minor - 1 WHERE tenant_id = $1 AND id = $2`,
    `UPDATE refund SET amount_minor = amount_minor + 1 WHERE tenant_id = $1 AND id = $2`,
    ['given_back_differs', 'posting_differs'],
  ],
  [
    'a payment that says otherwise how much was given back',
    `UPDATE payment SET refunded_minor = refunded_minor - 1 WHERE ${THE_PAYMENT}`,
    `UPDATE payment SET refunded_minor = refunded_minor + 1 WHERE ${THE_PAYMENT}`,
    ['given_back_differs'],
  ],
])('the proof finds %s', async (_, spoil, mend, expected) => {
  const { db } = shop.app
  const values = [shop.owner.tenantId, refund.id]
  expect(await kinds()).toEqual([])
  expect(await tamper(db, spoil, values)).toBe(1)
  expect(await kinds()).toEqual(expected)
  expect(await tamper(db, mend, values)).toBe(1)
})

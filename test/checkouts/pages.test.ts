import { expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { retryStage } from './retry-stage.ts'

/** Customers who pay on a page of a checkout that has another one since. */

const { gateway, twice, retry, cancel, playPage, openTwice, open, read, comesTo, expectProven } = retryStage()

test('money that comes over the earlier page pays the checkout, and a second payment is kept apart', async () => {
  const { id } = await open('QBITFLOW')
  const uuid = decodeId(id)?.uuid ?? ''
  const { prisma } = gateway().app.db
  const first = await prisma.checkout.findFirstOrThrow({ where: { id: uuid } })
  await cancel(id)
  const { checkout } = await retry(id)
  expect(checkout?.status).toBe('OPEN')
  // The customer still has the first page before them, of which the provider knows no cancellation.
  await playPage(first.externalId)
  const paid = await comesTo(id, 'COMPLETED', 1, 'COMPLETED')
  expect(paid.payment).toMatchObject({ status: 'COMPLETED', amount: { amount: '19.99' } })
  const second = await prisma.checkout.findFirstOrThrow({ where: { id: uuid } })
  expect(second.session).toBe(2)
  await playPage(second.externalId)
  const kept = await eventually(async () => {
    const where = { externalId: second.externalId ?? '' }
    return (await prisma.payment.findFirst({ where })) ?? false
  }, 60_000)
  expect(kept).toMatchObject({ checkoutId: null, amountMinor: 1999n, suspenseMinor: 1969n })
  expect(await read(id)).toMatchObject({ status: 'COMPLETED', payment: { amount: { amount: '19.99' } } })
  await expectProven()
})

test('a subscription that begins on the earlier page is that of the checkout', async () => {
  const { id, first } = await openTwice({ kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' } })
  await playPage(first)
  const begun = await eventually(async () => {
    const where = { checkoutId: decodeId(id)?.uuid ?? '' }
    return (await gateway().app.db.prisma.subscription.findFirst({ where })) ?? false
  }, 60_000)
  expect(begun.externalId).toBe(first)
  expect(await read(id)).toMatchObject({ status: 'COMPLETED', reason: null })
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE' }])
  await expectProven()
})

test('what a second subscription over another page bills is kept as money that was not asked for, and told', async () => {
  const { id, first, second } = await openTwice({ kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' } })
  const { prisma } = gateway().app.db
  const checkoutId = decodeId(id)?.uuid ?? ''
  twice.push(checkoutId)
  await playPage(first)
  await eventually(async () => (await read(id)).status === 'COMPLETED', 60_000)
  await playPage(second)
  const told = await eventually(async () => {
    const where = { entityId: checkoutId, type: 'checkout.contradicted' }
    return (await prisma.event.findFirst({ where })) ?? false
  }, 60_000)
  expect(JSON.stringify(told.payload)).toContain(second)
  const kept = await eventually(async () => {
    const where = { source: 'SUBSCRIPTION' as const, checkoutId: null, billingId: null }
    return (await prisma.payment.findFirst({ where })) ?? false
  }, 60_000)
  expect(kept).toMatchObject({ amountMinor: 1999n, status: 'COMPLETED' })
  expect(kept.suspenseMinor).toBeGreaterThan(0n)
  expect(await prisma.subscription.findMany({ where: { checkoutId } })).toMatchObject([{ externalId: first }])
  await expectProven()
})

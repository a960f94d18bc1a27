import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyToCheckout } from '../../src/checkouts/apply.ts'
import type { TransactionState } from '../../src/db/generated/enums.ts'
import { contradict } from '../../src/events/contradiction.ts'
import { newId } from '../../src/kernel/id.ts'
import { transact } from '../../src/work/work.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { tellingDesk } from '../support/telling.ts'

let shop: Shop
let desk: ReturnType<typeof tellingDesk>
beforeAll(async () => {
  shop = await openShop()
  desk = tellingDesk(shop)
})
afterAll(() => shop.close())

const told = async (entityId: string) => {
  const events = await shop.app.db.prisma.event.findMany({ where: { entityId }, orderBy: { sequence: 'asc' } })
  return events.filter(({ type }) => type.endsWith('.contradicted')).map(({ payload }) => payload)
}

test('a contradiction is told once until another one is', async () => {
  const entityId = newId()
  const observe = (observed: string, status: string | undefined = 'COMPLETED') =>
    transact(shop.app.db, desk.change(), (work) =>
      contradict(work, {
        type: 'subscription.contradicted',
        entityKind: 'Subscription',
        entityId,
        object: { status, observed },
      }),
    )
  for (const observed of ['FAILED', 'FAILED', 'EXPIRED', 'EXPIRED', 'FAILED']) await observe(observed)
  await transact(shop.app.db, desk.change(), (work) =>
    contradict(work, {
      type: 'subscription.contradicted',
      entityKind: 'Subscription',
      entityId,
      object: { status: undefined, observed: 'FAILED' },
    }),
  )
  const observed = (await told(entityId)).map(
    (payload) => (payload as { object: { observed: string } }).object.observed,
  )
  expect(observed).toEqual(['FAILED', 'EXPIRED', 'FAILED', 'FAILED'])
})

test('what the provider says against a payment that is paid is told once, however often it is read', async () => {
  const id = await desk.open()
  const payment = await desk.arrive(id, 1_999n)
  const checkout = (await shop.checkout(id)).externalId ?? ''
  const says = (state: TransactionState) =>
    transact(shop.app.db, desk.change(), (work) =>
      applyToCheckout(work, { id }, { noun: 'CHECKOUT', proof: true, checkout, status: { state } }),
    )
  for (const state of ['FAILED', 'FAILED', 'FAILED', 'EXPIRED', 'EXPIRED'] as const) await says(state)
  expect(await told(payment.id)).toMatchObject([
    { object: { status: 'COMPLETED', observed: 'FAILED' } },
    { object: { status: 'COMPLETED', observed: 'EXPIRED' } },
  ])
})

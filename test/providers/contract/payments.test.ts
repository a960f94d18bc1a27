import { expect, test } from 'vitest'
import { arm, armAll, armed, type PaymentFault } from './faults.ts'
import { checkoutOf, expectBalanced, expectNothingTwice, paymentsOf, postingsOf } from './records.ts'
import { contract, settle, turn } from './stage.ts'
import { open, payAll, play } from './wishes.ts'

const DAY_SECONDS = 86_400
const PRICE_MINOR = 1_000n

/** What a checkout and its payment come to when the customer does otherwise than they should. */
const COMES_TO: Readonly<Record<PaymentFault, { checkout: string; payment: string }>> = {
  UNDERPAY: { checkout: 'OPEN', payment: 'UNDERPAID' },
  OVERPAY: { checkout: 'COMPLETED', payment: 'OVERPAID' },
  PAY_LATE: { checkout: 'EXPIRED', payment: 'PAID_LATE' },
}

/** Being paid, with whatever goes wrong with the news of it and with the money. */
contract(
  'payments and their notifications',
  ({ payment }) => payment,
  (payment, stageOf, { opening, subscriptions, faults }) => {
    const readings = [
      ...payment.map((reading) => ['PAYMENT', reading] as const),
      ...(subscriptions?.read.start ?? []).map((reading) => ['SUBSCRIPTION', reading] as const),
    ]

    test.each(readings)('a %s is taken in once, however often %s goes wrong', async (kind, reading) => {
      const stage = stageOf()
      const opened = []
      for (const fault of ['first', 'second']) opened.push({ fault, ...(await open(stage, kind)) })
      await armAll(stage, reading)
      await payAll(stage, opened)
      expect(await armed(stage)).toBe(0)
      await expectNothingTwice(stage, opened)
    })

    test.each(faults.notifications)('everything is taken in once, with %s of its notifications', async (fault) => {
      const stage = stageOf()
      const opened = []
      for (const kind of Object.keys(opening)) {
        for (const _ of ['first', 'second']) opened.push({ fault: kind, ...(await open(stage, kind)) })
      }
      await arm(stage, fault, undefined, { times: 2 * opened.length - 2 })
      await payAll(stage, opened)
      expect(await armed(stage)).toBe(0)
      await expectNothingTwice(stage, opened)
    })

    test.each(faults.payments)('%s of a customer is told as it is, and the books have what came in', async (fault) => {
      const stage = stageOf()
      const { id } = await open(stage, 'PAYMENT')
      await arm(stage, fault)
      await play(stage, id)
      expect(await armed(stage)).toBe(0)
      if (fault === 'PAY_LATE') await turn(stage, DAY_SECONDS)
      await settle(stage)
      const [first, ...others] = await paymentsOf(stage, id)
      if (!first) throw new Error('there is no payment')
      expect(others).toEqual([])
      expect({ checkout: (await checkoutOf(stage, { id })).status, payment: first.status }).toEqual(COMES_TO[fault])
      expect(first.amountMinor > PRICE_MINOR, `${first.amountMinor} came in`).toBe(fault === 'OVERPAY')
      expect(await postingsOf(stage, first.id)).toBe(1)
      await expectNothingTwice(stage, [{ fault, id }])
      await expectBalanced(stage)
    })
  },
)

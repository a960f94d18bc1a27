import { expect, test } from 'vitest'
import { WEBHOOK_FAULTS } from '../../../src/sandbox/fault-rules.ts'
import type { ContractProvider } from './provider.ts'
import { CALL_FAULTS, type Stage } from './stage.ts'

const DAY_SECONDS = 86_400

/** Being paid, with whatever goes wrong with the news of it and with the money. */
export function paymentContract(provider: ContractProvider, stageOf: () => Stage): void {
  const readings = [
    ...provider.payment.map((reading) => ['PAYMENT', reading] as const),
    ...(provider.subscription?.start ?? []).map((reading) => ['SUBSCRIPTION', reading] as const),
  ]

  test.each(readings)('a %s is taken in once, however often %s goes wrong', async (kind, reading) => {
    const stage = stageOf()
    const opened = []
    for (const fault of ['first', 'second']) opened.push({ fault, ...(await stage.open(kind)) })
    for (const fault of CALL_FAULTS) await stage.arm(fault, reading)
    await stage.payAll(opened)
    expect(await stage.armed()).toBe(0)
    await stage.expectNothingTwice(opened)
  })

  test.each(WEBHOOK_FAULTS)('everything is taken in once, with %s of its notifications', async (fault) => {
    const stage = stageOf()
    const opened = []
    for (const kind of Object.keys(provider.opening)) {
      for (const _ of ['first', 'second']) opened.push({ fault: kind, ...(await stage.open(kind)) })
    }
    await stage.arm(fault, undefined, { times: 10 })
    await stage.payAll(opened)
    expect(await stage.armed()).toBe(0)
    await stage.expectNothingTwice(opened)
  })

  test.each([
    ['UNDERPAY', 'FAILED', ['UNDERPAID'], 1],
    ['OVERPAY', 'COMPLETED', ['OVERPAID'], 1],
    ['PAY_LATE', 'EXPIRED', ['PAID_LATE'], 1],
  ] as const)(
    '%s of a customer is told as it is, and the books have what came in',
    async (fault, ended, as, posted) => {
      const stage = stageOf()
      const { id } = await stage.open('PAYMENT')
      await stage.arm(fault)
      await stage.play(id)
      expect(await stage.armed()).toBe(0)
      if (fault === 'PAY_LATE') await stage.work(DAY_SECONDS)
      await stage.settle()
      expect((await stage.shop.checkout(id)).status).toBe(ended)
      const [payment, ...others] = await stage.payments(id)
      if (!payment) throw new Error('there is no payment')
      expect([as, others]).toEqual([expect.arrayContaining([payment.status]), []])
      expect(payment.amountMinor > 1_000n).toBe(fault === 'OVERPAY')
      expect(await stage.postings(payment.id)).toBe(posted)
      await stage.expectNothingTwice([{ fault, id }])
      await stage.expectBalanced()
    },
  )
}

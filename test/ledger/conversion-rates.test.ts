import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDecimal } from '../../src/kernel/money.ts'
import { desk, exchanged, gains, minor, newDesk, open, setStage } from './conversion-stage.ts'
import { refusal } from './desk.ts'

setStage()

test('the rate is the one of the moment of the payment, of a hold that of its making', async () => {
  const [payer, shop] = (await open('USD', 'EUR')) as [string, string]
  await desk.fund(payer, '100.00 USD')
  expect(await refusal(desk.pay(payer, '1.00 USD', [[shop, '1.00 USD']]))).toMatchObject({
    code: 'RATE_MISSING',
    field: ['charges', '0', 'destinationId'],
  })
  await desk.setRate('USD', 'EUR', '0.5')
  const hold = await desk.hold(payer, '10.00 USD', [[shop, '10.00 USD']])
  await desk.setRate('USD', 'EUR', '0.9')
  await desk.updateHold(hold, '20.00 USD')
  await desk.complete(hold)
  expect(await minor(shop)).toEqual([1_000n])
  await desk.pay(payer, '10.00 USD', [[shop, '10.00 USD']])
  expect(await minor(shop)).toEqual([1_900n])
})

test('a converted charge that is given back in odd parts gives back exactly what was received', async () => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 10_000, max: 1_000_000 }),
      fc.integer({ min: 1, max: 30_000 }),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 6 }),
      async (cents, rate, wanted) => {
        await newDesk()
        const [payer, shop] = (await open('USD', 'EUR')) as [string, string]
        const usd = (amount: number) => `${formatDecimal(BigInt(amount), 2)} USD`
        await desk.fund(payer, usd(cents))
        await desk.setRate('USD', 'EUR', formatDecimal(BigInt(rate), 4))
        const paid = await desk.pay(payer, usd(cents), [[shop, usd(cents)]])
        let left = cents
        for (const odd of [...wanted, cents]) {
          const back = Math.min(odd, left)
          if (back > 0) await desk.refund(paid, [[shop, usd(back)]])
          left -= back
        }
        expect(await minor(payer, shop)).toEqual([BigInt(cents), 0n])
        expect(await exchanged('USD', 'EUR')).toEqual([0n, 0n])
        expect(await gains('EUR')).toEqual({ balance: 0n, fraction: '0' })
        expect(await desk.transaction(paid)).toMatchObject({ state: 'REFUNDED' })
        expect(await desk.breaks()).toEqual([])
      },
    ),
    { seed, numRuns: 15 },
  )
})

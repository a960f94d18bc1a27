import { describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../../src/db/rows.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import { call, eventually } from '../../support/app.ts'
import { arm, armed, calm } from './faults.ts'
import { expectBalanced, paymentsOf } from './records.ts'
import { contract, type Stage, settle, turn, work } from './stage.ts'
import { open, play } from './wishes.ts'

/** What a provider keeps of a payment and tells only later, with whatever goes wrong with the news of it. */
contract(
  'fees that are told later',
  ({ lateFees }) => lateFees,
  ({ feeOf, afterSeconds, read }, stageOf, { faults }) => {
    /** A payment whose fee nobody knows yet. */
    async function paid(stage: Stage, outcome = 'PAY'): Promise<PaymentRow> {
      const { id } = await open(stage, 'PAYMENT')
      await play(stage, id, outcome)
      await settle(stage)
      const [payment] = await paymentsOf(stage, id)
      if (!payment) throw new Error('there is no payment')
      expect(payment.providerFeeMinor).toBeNull()
      expect(await booked(stage, payment)).toEqual([])
      await expectBalanced(stage)
      return payment
    }

    async function tell(stage: Stage): Promise<void> {
      await turn(stage, afterSeconds)
      await settle(stage)
    }

    /** Its fee is there, booked by one posting, and the books balance. */
    async function expectFee(stage: Stage, { id }: PaymentRow): Promise<PaymentRow> {
      const where = { tenantId_id: { tenantId: stage.owner.tenantId, id } }
      const after = await stage.app.db.prisma.payment.findUniqueOrThrow({ where })
      const fee = feeOf(after.amountMinor)
      expect(after.providerFeeMinor).toBe(fee)
      expect(await booked(stage, after)).toEqual([fee])
      expect(await balanceOf(stage, 'fees')).toBe(fee)
      await expectBalanced(stage)
      return after
    }

    test('a payment has no fee until it is told, and accounting tells it at that moment', async () => {
      const stage = stageOf()
      const payment = await paid(stage)
      expect(await accounting(stage)).toEqual(['one_time 1000 - 0'])
      await tell(stage)
      await expectFee(stage, payment)
      expect(await accounting(stage)).toEqual(['one_time 1000 - 0', `fee 0 - ${feeOf(1_000n)}`])
      expect(await balanceOf(stage, 'organization')).toBe(1_000n - feeOf(1_000n))
    })

    test.each(faults.notifications)('a fee is booked once, with %s of its notification', async (fault) => {
      const stage = stageOf()
      const payment = await paid(stage)
      await arm(stage, fault)
      await tell(stage)
      await expectFee(stage, payment)
    })

    test('a fee that is told again, and in every reading of its payment, is booked once', async () => {
      const stage = stageOf()
      const payment = await paid(stage)
      await tell(stage)
      const where = { tenantId: stage.owner.tenantId }
      const data = { nextAttemptAt: stage.clock.now(), appliedAt: null }
      expect((await stage.app.db.prisma.inboxMessage.updateMany({ where, data })).count).toBeGreaterThan(0)
      await settle(stage)
      await expectFee(stage, payment)
    })

    describe.each(read)('a fee that no notification told of', (reading) => {
      test(`is found by looking at what came in, also when ${reading} goes wrong`, async () => {
        const stage = stageOf()
        const payment = await paid(stage)
        await loseNotifications(stage)
        await arm(stage, 'LOSE_ANSWER_BEFORE', reading)
        await tell(stage)
        // The list of payments is read each quarter of an hour where no page is open.
        for (const _ of ['once', 'again']) await turn(stage, 900)
        expect(await armed(stage)).toBe(0)
        await expectFee(stage, payment)
      })
    })

    test('a fee that no notification told of is found also behind a page of payments whose fees are known', async () => {
      const stage = stageOf()
      const payment = await paid(stage)
      await loseNotifications(stage)
      // More than a page of the provider's list, of which notifications tell.
      const later = await Promise.all(Array.from({ length: 55 }, () => open(stage, 'PAYMENT')))
      for (const { id } of later) await play(stage, id)
      const { payment: payments } = stage.app.db.prisma
      const { tenantId } = stage.owner
      await until(stage, async () => (await payments.count({ where: { tenantId, status: 'COMPLETED' } })) === 56)
      await turn(stage, 900)
      for (const reading of read) await arm(stage, 'LOSE_ANSWER_BEFORE', reading, { times: 1_000 })
      await turn(stage, afterSeconds)
      const told = { tenantId, providerFeeMinor: { not: null } }
      await until(stage, async () => (await payments.count({ where: told })) === 55)
      await calm(stage)
      for (const _ of ['once', 'again']) await turn(stage, 900)
      expect(await payments.count({ where: told })).toBe(56)
      expect(await booked(stage, payment)).toEqual([feeOf(payment.amountMinor)])
      await expectBalanced(stage)
    })

    test('a fee is taken from what waits in suspense too, in its share', async () => {
      const stage = stageOf()
      const more = await paid(stage, 'OVERPAY')
      await tell(stage)
      const { suspenseMinor, amountMinor } = await expectFee(stage, more)
      const surplus = amountMinor - 1_000n
      expect(more.suspenseMinor).toBe(surplus)
      const share = surplus - suspenseMinor
      expect(share * amountMinor - feeOf(amountMinor) * surplus).toBeLessThanOrEqual(amountMinor)
      expect(share).toBeGreaterThan(0n)
      expect(await balanceOf(stage, 'suspense')).toBe(suspenseMinor)
    })

    test('a fee of money that waits in suspense as a whole is taken from there alone', async () => {
      const stage = stageOf()
      const short = await paid(stage, 'UNDERPAY')
      expect(short.suspenseMinor).toBe(short.amountMinor)
      await tell(stage)
      const { suspenseMinor, amountMinor } = await expectFee(stage, short)
      expect(suspenseMinor).toBe(amountMinor - feeOf(amountMinor))
      expect(await balanceOf(stage, 'organization')).toBe(0n)
    })

    test('a fee is booked also when the money was given back before', async () => {
      const stage = stageOf()
      const payment = await paid(stage)
      const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
      await stage.app.refunds.record(call(stage.owner, undefined, input), input)
      await tell(stage)
      expect((await expectFee(stage, payment)).status).toBe('REFUNDED')
      expect(await balanceOf(stage, 'organization')).toBe(0n)
      // The merchant has paid it from outside of the books.
      expect(await balanceOf(stage, 'world')).toBe(-feeOf(1_000n))
    })
  },
)

/** Lets what goes on by itself go on until it has come to this. */
function until(stage: Stage, come: () => Promise<boolean>): Promise<true> {
  return eventually(async () => {
    await work(stage, 1)
    return come()
  }, 60_000)
}

/** The fees that were posted for a payment after its money. */
async function booked({ app, owner: { tenantId } }: Stage, { id: paymentId }: PaymentRow): Promise<bigint[]> {
  const movements = await app.db.prisma.paymentMovement.findMany({ where: { tenantId, paymentId, kind: 'FEE' } })
  const causeId = { in: movements.map(({ id }) => id) }
  const postings = await app.db.prisma.ledgerTransaction.findMany({ where: { tenantId, causeId } })
  return postings.map(({ total }) => total)
}

/** What the tenant's account that is called so has, for its one provider and currency. */
async function balanceOf({ app, owner: { tenantId } }: Stage, word: string): Promise<bigint> {
  const where = { tenantId, externalId: { startsWith: `${word}:` } }
  const accounts = await app.db.prisma.account.findMany({ where })
  return accounts.reduce((sum, { balance }) => sum + balance, 0n)
}

async function accounting({ app, owner: { tenantId } }: Stage): Promise<string[]> {
  const rows = await app.db.query<{ text: string }>(
    'contract.accounting',
    `SELECT type || ' ' || gross_minor || ' - ' || provider_fee_minor AS text
     FROM accounting_event WHERE tenant_id = $1 ORDER BY at, id`,
    [tenantId],
  )
  return rows.map(({ text }) => text)
}

/** What the provider has told so far is all that it tells by itself. */
async function loseNotifications({ app, owner: { tenantId }, provider: { name } }: Stage): Promise<void> {
  await app.db.query(
    'contract.lose',
    `UPDATE sandbox_document SET body = body - 'notifyUrl' WHERE tenant_id = $1 AND provider = $2`,
    [tenantId, name.toLowerCase()],
  )
}

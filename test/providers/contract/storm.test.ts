import { expect, test } from 'vitest'
import type { SubscriptionRow } from '../../../src/db/rows.ts'
import type { Call, Done } from '../../../src/kernel/actor.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import type { FaultKind } from '../../../src/providers/faults.ts'
import { numberOf } from '../../../src/sandbox/fault-rules.ts'
import { call } from '../../support/app.ts'
import { arm, armed, calm } from './faults.ts'
import { expectBalanced, expectBills, type Opened, paymentsOf, subscriptionOf } from './records.ts'
import { contract, type Stage, settle, turn } from './stage.ts'
import { open, payAll, subscriptionsOf } from './wishes.ts'

/** Of every call three in ten go wrong, and of the notifications too. */
const WEATHER: Readonly<Partial<Record<FaultKind, number>>> = {
  LOSE_ANSWER_BEFORE: 0.07,
  LOSE_ANSWER_AFTER: 0.07,
  SERVER_ERROR: 0.05,
  RATE_LIMITED: 0.05,
  MALFORMED_JSON: 0.04,
  TRUNCATED_JSON: 0.04,
  DUPLICATE_WEBHOOK: 0.15,
  REORDER_WEBHOOKS: 0.1,
  WRONG_SIGNATURE: 0.1,
}

const SEEDS = ['north', 'west']
const OF_EACH_KIND = 4
const MONTH_SECONDS = 32 * 86_400
const PATIENCE = 40

/** Everything at once, while everything goes wrong. */
contract(
  'a storm of faults',
  (provider) => provider,
  ({ opening, subscriptions: recurring }, stageOf) => {
    test.each(SEEDS)('a storm of the seed "%s" doubles nothing and loses nothing', async (seed) => {
      const stage = stageOf()
      await breakOut(stage, seed)
      const opened = await openAll(stage, seed, Object.keys(opening))
      await settle(stage)
      await payAll(stage, opened)
      const begun = await subscriptionsOf(stage, opened)
      if (recurring) await bill(stage, seed, begun)
      const sold = opened.filter(({ kind }) => kind === 'PAYMENT')
      await giveBack(stage, seed, sold)
      if (recurring?.forceCancel) await endAll(stage, seed, begun)
      expect(await armed(stage)).toBeGreaterThan(0)
      await calm(stage)
      await settle(stage)
      for (const each of begun) {
        const metered = each.usage === 'METERED'
        const paid = await expectBills(stage, each, metered ? 2 : 3)
        expect(new Set(paid)).toEqual(new Set([metered ? 2_500n : 1_000n]))
      }
      await expectBalanced(stage)
    })
  },
)

async function breakOut(stage: Stage, seed: string): Promise<void> {
  const { calls, notifications } = stage.provider.faults
  for (const kind of [...calls, ...notifications]) {
    const probability = WEATHER[kind]
    if (probability) await arm(stage, kind, undefined, { probability, seed: `${seed} ${kind}` })
  }
  const { approve, refuse } = stage.provider.customerRefunds ?? {}
  for (const act of [approve?.act, refuse?.act].filter((each) => each !== undefined)) {
    for (const kind of ['LOSE_ANSWER_BEFORE', 'LOSE_ANSWER_AFTER'] as const) {
      await arm(stage, kind, act, { probability: 0.2, seed: `${seed} ${act} ${kind}` })
    }
  }
}

/** As a careful program does: the same wish under the same key until nothing is in doubt. */
async function insist(
  { owner }: Stage,
  key: string,
  input: unknown,
  wish: (call: Call) => Promise<Done>,
): Promise<Done> {
  for (let attempt = 1; ; attempt++) {
    const done = await wish(call(owner, key, input)).catch(undefinedWhenUnavailable)
    if (done && (done.problems ?? []).length === 0) return done
    if (attempt === PATIENCE) throw new Error(`${key} was wished for ${PATIENCE} times`)
  }
}

async function openAll(
  stage: Stage,
  seed: string,
  kinds: readonly string[],
): Promise<(Opened & { readonly kind: string })[]> {
  const opened = []
  for (const kind of kinds) {
    for (let count = 1; count <= OF_EACH_KIND; count++) {
      const key = `${seed} open ${kind} ${count}`
      const { id } = await open(stage, kind, key)
      // Some programs ask again at once, others wait and see.
      if (numberOf(key, 1) < 0.5) expect((await open(stage, kind, key)).id).toBe(id)
      opened.push({ fault: key, id, kind })
    }
  }
  return opened
}

async function bill(stage: Stage, seed: string, subscriptions: readonly SubscriptionRow[]): Promise<void> {
  const { app, owner } = stage
  for (const month of [1, 2]) {
    for (const { id, usage } of subscriptions) {
      const input = { id: encodeId('Subscription', id), units: '2.5' }
      const key = `${seed} use ${id} ${month}`
      if (usage === 'METERED') await app.subscriptions.reportUsage(call(owner, key, input), input)
    }
    await settle(stage)
    await turn(stage, MONTH_SECONDS)
    await settle(stage)
  }
}

async function giveBack(stage: Stage, seed: string, sold: readonly Opened[]): Promise<void> {
  const { customerRefunds, issuedRefunds } = stage.provider
  if (customerRefunds) await answerAll(stage, seed, sold)
  if (issuedRefunds) await issueHalves(stage, seed, sold)
}

async function answerAll(stage: Stage, seed: string, sold: readonly Opened[]): Promise<void> {
  const { refunds } = stage.app
  const payments = (await Promise.all(sold.map(({ id }) => paymentsOf(stage, id)))).flat()
  for (const [index, { id }] of payments.entries()) {
    const asked = { paymentId: encodeId('Payment', id), reason: 'It broke' }
    const { id: refund } = await insist(stage, `${seed} ask ${id}`, asked, (wish) => refunds.request(wish, asked))
    const reply = { id: encodeId('Refund', refund), message: 'It was fine' }
    const verb = index % 2 ? 'refuse' : 'approve'
    await insist(stage, `${seed} answer ${id}`, reply, (wish) => refunds[verb](wish, reply))
  }
  await settle(stage)
  const where = { paymentId: { in: payments.map(({ id }) => id) } }
  const given = await stage.app.db.prisma.refund.findMany({ where, orderBy: { createdAt: 'asc' } })
  expect(given.map(({ status }) => status)).toEqual(payments.map((_, index) => (index % 2 ? 'REFUSED' : 'COMPLETED')))
}

/** Each payment goes back in two halves. */
async function issueHalves(stage: Stage, seed: string, sold: readonly Opened[]): Promise<void> {
  const payments = (await Promise.all(sold.map(({ id }) => paymentsOf(stage, id)))).flat()
  const amount = { amount: '500', currency: stage.provider.price.currency }
  for (const { id } of payments) {
    for (const half of ['first', 'second']) {
      const input = { paymentId: encodeId('Payment', id), amount, reason: half }
      await insist(stage, `${seed} ${half} ${id}`, input, (wish) => stage.app.refunds.create(wish, input))
    }
  }
  await settle(stage)
  const where = { paymentId: { in: payments.map(({ id }) => id) } }
  const given = await stage.app.db.prisma.refund.findMany({ where })
  expect(given.map(({ status }) => status)).toEqual(payments.flatMap(() => ['COMPLETED', 'COMPLETED']))
  const after = (await Promise.all(sold.map(({ id }) => paymentsOf(stage, id)))).flat()
  expect(after.map(({ status }) => status)).toEqual(payments.map(() => 'REFUNDED'))
}

async function endAll(stage: Stage, seed: string, subscriptions: readonly SubscriptionRow[]): Promise<void> {
  for (const { id } of subscriptions) {
    const input = { id: encodeId('Subscription', id) }
    await insist(stage, `${seed} end ${id}`, input, (wish) => stage.app.subscriptions.forceCancel(wish, input))
  }
  await settle(stage)
  for (const { id } of subscriptions) expect((await subscriptionOf(stage, id)).status).toBe('CANCELLED')
}

/** What a careful program waits through. */
function undefinedWhenUnavailable(error: unknown): undefined {
  const { problems } = error as { problems?: readonly { code: string }[] }
  if (problems?.every(({ code }) => code === 'PROVIDER_UNAVAILABLE')) return undefined
  throw error
}

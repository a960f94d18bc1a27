import { expect, test } from 'vitest'
import type { SubscriptionRow } from '../../../src/db/rows.ts'
import type { Call, Done } from '../../../src/kernel/actor.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import type { FaultKind } from '../../../src/providers/faults.ts'
import { numberOf } from '../../../src/sandbox/fault-rules.ts'
import { call } from '../../support/app.ts'
import type { ContractProvider } from './provider.ts'
import type { Stage } from './stage.ts'

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
export function stormContract(provider: ContractProvider, stageOf: () => Stage): void {
  const kinds = Object.keys(provider.opening)

  /** As a careful program does: the same wish under the same key until nothing is in doubt. */
  async function insist(
    seed: string,
    what: string,
    input: unknown,
    wish: (call: Call) => Promise<Done>,
  ): Promise<Done> {
    const { owner } = stageOf().shop
    for (let attempt = 1; ; attempt++) {
      const done = await wish(call(owner, `${seed} ${what}`, input)).catch(stormy)
      if (done && (done.problems ?? []).length === 0) return done
      if (attempt === PATIENCE) throw new Error(`${what} was wished for ${PATIENCE} times`)
    }
  }

  async function breakOut(seed: string): Promise<void> {
    const stage = stageOf()
    for (const [kind, probability] of Object.entries(WEATHER)) {
      await stage.arm(kind as FaultKind, undefined, { probability, seed: `${seed} ${kind}` })
    }
    const answers = [provider.refund?.approve.act, provider.refund?.refuse.act].filter((act) => act !== undefined)
    for (const act of answers) {
      for (const kind of ['LOSE_ANSWER_BEFORE', 'LOSE_ANSWER_AFTER'] as const) {
        await stage.arm(kind, act, { probability: 0.2, seed: `${seed} ${act} ${kind}` })
      }
    }
  }

  async function openAll(seed: string): Promise<{ fault: string; id: string; kind: string }[]> {
    const opened = []
    for (const kind of kinds) {
      for (let count = 1; count <= OF_EACH_KIND; count++) {
        const key = `${seed} open ${kind} ${count}`
        const { id } = await stageOf().open(kind, key)
        // Some programs ask again at once, others wait and see.
        if (numberOf(key, 1) < 0.5) expect((await stageOf().open(kind, key)).id).toBe(id)
        opened.push({ fault: key, id, kind })
      }
    }
    return opened
  }

  async function bill(seed: string, subscriptions: readonly SubscriptionRow[]): Promise<void> {
    const stage = stageOf()
    for (const month of [1, 2]) {
      for (const { id, usage } of subscriptions) {
        const input = { id: encodeId('Subscription', id), units: '2.5' }
        const key = `${seed} use ${id} ${month}`
        if (usage === 'METERED')
          await stage.shop.app.subscriptions.reportUsage(call(stage.shop.owner, key, input), input)
      }
      await stage.settle()
      await stage.work(MONTH_SECONDS)
      await stage.settle()
    }
  }

  async function giveBack(seed: string, checkoutIds: readonly string[]): Promise<void> {
    const stage = stageOf()
    const { refunds } = stage.shop.app
    const payments = (await Promise.all(checkoutIds.map((id) => stage.payments(id)))).flat()
    for (const [index, { id }] of payments.entries()) {
      const asked = { paymentId: encodeId('Payment', id), reason: 'It broke' }
      const { id: refund } = await insist(seed, `ask ${id}`, asked, (wish) => refunds.request(wish, asked))
      const reply = { id: encodeId('Refund', refund), message: 'It was fine' }
      await insist(seed, `answer ${id}`, reply, (wish) => refunds[index % 2 ? 'refuse' : 'approve'](wish, reply))
    }
    await stage.settle()
    const where = { paymentId: { in: payments.map(({ id }) => id) } }
    const given = await stage.shop.app.db.prisma.refund.findMany({ where, orderBy: { createdAt: 'asc' } })
    expect(given.map(({ status }) => status)).toEqual(payments.map((_, index) => (index % 2 ? 'REFUSED' : 'COMPLETED')))
  }

  async function endAll(seed: string, subscriptions: readonly SubscriptionRow[]): Promise<void> {
    const stage = stageOf()
    for (const { id } of subscriptions) {
      const input = { id: encodeId('Subscription', id) }
      await insist(seed, `end ${id}`, input, (wish) => stage.shop.app.subscriptions.forceCancel(wish, input))
    }
    await stage.settle()
    for (const { id } of subscriptions) expect((await stage.subscription(id)).status).toBe('CANCELLED')
  }

  test.each(SEEDS)('a storm of the seed "%s" doubles nothing and loses nothing', async (seed) => {
    const stage = stageOf()
    await breakOut(seed)
    const opened = await openAll(seed)
    await stage.settle()
    await stage.payAll(opened)
    const where = { checkoutId: { in: opened.map(({ id }) => id) } }
    const subscriptions = await stage.shop.app.db.prisma.subscription.findMany({ where })
    await bill(seed, subscriptions)
    if (provider.refund)
      await giveBack(
        seed,
        opened.flatMap(({ kind, id }) => (kind === 'PAYMENT' ? [id] : [])),
      )
    if (provider.forceCancel) await endAll(seed, subscriptions)
    const drawn = await stage.armed()
    expect(drawn).toBeGreaterThan(0)
    await stage.calm()
    await stage.settle()
    for (const each of subscriptions) {
      const paid = await stage.expectBills(each, each.usage === 'METERED' ? 2 : 3)
      const due = each.usage === 'METERED' ? 2_500n : 1_000n
      expect(new Set(paid)).toEqual(new Set([due]))
    }
    await stage.expectBalanced()
  })
}

/** What a careful program waits through. */
function stormy(error: unknown): undefined {
  const { problems } = error as { problems?: readonly { code: string }[] }
  if (problems?.every(({ code }) => code === 'PROVIDER_UNAVAILABLE')) return undefined
  throw error
}

import { expect } from 'vitest'
import type { App } from '../../src/app.ts'
import { formatDecimal } from '../../src/kernel/money.ts'
import { LEDGER_CHECKS } from '../../src/ledger/checks.ts'
import type { TurnableClock } from '../support/clock.ts'
import { newTenant } from '../support/tenant.ts'
import type { Command, Share, Wanted } from './commands.ts'
import { codeOf, type Desk, openDesk, type Part, type Wish } from './desk.ts'
import { type Charged, type FrozenRate, Model } from './model.ts'

const ACCOUNTS = [
  { currency: 'USD', overdraft: false },
  { currency: 'USD', overdraft: false },
  { currency: 'USD', overdraft: true },
  { currency: 'EUR', overdraft: false },
  { currency: 'JPY', overdraft: false },
]

/** What every account begins with. */
const START = 2_000n

/** In units of 10^-18. From euros to yen there is none at first. */
const RATES = [
  ['USD', 'EUR', 92n * 10n ** 16n],
  ['EUR', 'USD', 108n * 10n ** 16n],
  ['USD', 'JPY', 1495n * 10n ** 17n],
  ['JPY', 'USD', 67n * 10n ** 14n],
  ['JPY', 'EUR', 61n * 10n ** 14n],
] as const

/** What the books promise, in one statement. */
const BREAKS = LEDGER_CHECKS.map((check) => `(${check})`).join(' UNION ALL ')

/** One command, as it is put to the ledger and as it is told to the model. */
interface Act {
  ask(by: Desk, wish: Wish): Promise<string>
  tell(id: string, rate: FrozenRate, now: number): string
}

interface Asked extends Act {
  /** The same for two that came under one key. */
  readonly key: string
  readonly requestId: string
  readonly answer: PromiseSettledResult<string>
}

/** The ledger of a new tenant, served by two nodes, and its model, side by side. */
export async function openStage(nodes: readonly [App, App], clock: TurnableClock) {
  const [app] = nodes
  const actor = await newTenant(app.db)
  const { tenantId } = actor
  const desk = await openDesk(app, actor)
  const model = new Model()
  const accounts: string[] = []
  /** Every rate that was ever asked for. */
  const rates = new Set<string>()
  let cursor = 0n

  for (const options of ACCOUNTS) {
    const id = await desk.account(options)
    model.open(id, options.currency, options.overdraft)
    model.fund(await desk.fund(id, text(START, options.currency)), id, START)
    accounts.push(id)
  }
  for (const [from, to, rate] of RATES) {
    await desk.setRate(from, to, formatDecimal(rate, 18))
    model.setRate(from, to, rate)
    rates.add(`${from} ${to} ${rate}`)
  }
  await history()

  const at = (place: number) => accounts[place] ?? ''
  const currencyOf = (id: string) => model.accounts.get(id)?.currency ?? ''
  const charges = (from: string, shares: readonly Share[]) =>
    shares.map(({ away, amount }) => ({
      to: at((Math.max(accounts.indexOf(from), 0) + away) % accounts.length),
      amount,
    }))
  const parts = (from: string, wanted: readonly Charged[]): Part[] =>
    wanted.map(({ to, amount }) => [to, text(amount, currencyOf(from) || 'USD')])

  function actOf(command: Command): Act | undefined {
    switch (command.verb) {
      case 'fund': {
        const to = at(command.account)
        return {
          ask: (by, wish) => by.fund(to, text(command.amount, currencyOf(to)), wish),
          tell: (id) => model.fund(id, to, command.amount),
        }
      }
      case 'pay':
      case 'hold': {
        const from = at(command.account)
        const total = sum(command.shares) + command.off
        const wanted = charges(from, command.shares)
        const payment = [from, text(total, currencyOf(from)), parts(from, wanted)] as const
        if (command.verb === 'pay') {
          return {
            ask: (by, wish) => by.pay(...payment, wish),
            tell: (id, rate) => model.pay(id, from, total, wanted, rate),
          }
        }
        const expiresAt =
          command.minutes === null ? undefined : new Date(clock.now().getTime() + command.minutes * 60_000)
        return {
          ask: (by, wish) => by.hold(...payment, { ...wish, ...(expiresAt && { expiresAt }) }),
          tell: (id, rate) => model.hold(id, from, total, wanted, rate, expiresAt?.getTime()),
        }
      }
      case 'freeze':
      case 'unfreeze':
        return {
          ask: (by, wish) => by[command.verb](at(command.account), wish),
          tell: () => model.setFrozen(at(command.account), command.verb === 'freeze'),
        }
      case 'setRate': {
        const [from, to] = [currencyOf(at(command.from)), currencyOf(at(command.to))]
        rates.add(`${from} ${to} ${command.rate}`)
        return {
          ask: (by, wish) => by.setRate(from, to, formatDecimal(command.rate, 18), wish),
          tell: () => model.setRate(from, to, command.rate),
        }
      }
      case 'wait':
        clock.turn({ minutes: command.minutes })
        return { ask: () => app.holds.expireDue().then(String), tell: () => 'done' }
    }

    const id = choose(command.verb, command.transaction)
    return id === undefined ? undefined : actOn(id, command)
  }

  /** A command about a transaction that was there before. */
  function actOn(id: string, command: Extract<Command, { transaction: number }>): Act {
    const { from, parts: charged } = model.paper(id)
    switch (command.verb) {
      case 'updateHold': {
        const wanted = command.shares && charges(from, command.shares)
        const total = wanted ? sum(wanted) : command.total
        return {
          ask: (by, wish) =>
            by.updateHold(id, text(total, currencyOf(from)), wanted ? parts(from, wanted) : undefined, wish),
          tell: (_, rate, now) => model.updateHold(id, total, wanted ?? undefined, rate, now),
        }
      }
      case 'refund': {
        const wanted = command.shares.map(({ away, amount }) => ({
          to: charged[(away - 1) % charged.length]?.to ?? from,
          amount,
        }))
        return {
          ask: (by, wish) => by.refund(id, parts(from, wanted), wish),
          tell: () => model.refund(id, wanted),
        }
      }
      case 'complete':
        return { ask: (by, wish) => by.complete(id, wish), tell: (_id, _rate, now) => model.complete(id, now) }
      default:
        return { ask: (by, wish) => by[command.verb](id, wish), tell: () => model[command.verb](id) }
    }
  }

  /** A transaction by its place: mostly one of those that the verb is for. */
  function choose(verb: Command['verb'], place: number): string | undefined {
    const all = [...model.papers.keys()].reverse()
    const states = verb === 'refund' || verb === 'rollback' ? ['COMPLETED', 'PARTIALLY_REFUNDED'] : ['HELD']
    const fit = all.filter((id) => model.paper(id).kind === 'transfer' && states.includes(model.paper(id).state))
    const among = place % 8 > 0 && fit.length > 0 ? fit : all
    return among[(place >> 3) % among.length]
  }

  /** What happened since it was last asked, in the order in which it was committed. */
  async function history() {
    const where = { tenantId, cursor: { gt: cursor } }
    const events = await app.db.prisma.event.findMany({ where, orderBy: { cursor: 'asc' } })
    cursor = events.at(-1)?.cursor ?? cursor
    return events
  }

  /** The rates that the ledger froze in a transaction, each of which somebody set. */
  async function frozenRates(id: string): Promise<FrozenRate> {
    const found = await app.db.prisma.ledgerTransaction.findMany({
      where: { tenantId, parentId: id },
      orderBy: { id: 'asc' },
    })
    const frozen = found.map(({ rate }) => (rate === null ? undefined : BigInt(rate.toFixed(18).replace('.', ''))))
    for (const [index, { currency, convertedCurrency }] of found.entries()) {
      if (frozen[index] !== undefined) expect(rates).toContain(`${currency} ${convertedCurrency} ${frozen[index]}`)
    }
    return (index) => frozen[index]
  }

  /** Does in the model what was done, in that order. Each is allowed there, and each was announced, once. */
  async function replay(asked: readonly Asked[], since: number, isAlone: boolean): Promise<void> {
    const unannounced = new Set(asked.flatMap(({ key, answer }) => (answer.status === 'fulfilled' ? [key] : [])))
    const seen = new Set<string>()
    for (const event of await history()) {
      if (event.type === 'ledger.hold_expired') expect(model.decline(event.entityId)).toBe('done')
      const one = asked.find(({ requestId }) => requestId === event.requestId)
      if (!one || seen.has(one.requestId)) continue
      seen.add(one.requestId)
      if (one.answer.status === 'rejected') throw new Error(`${one.requestId} was refused and took place`)
      expect(unannounced.delete(one.key)).toBe(true)
      const { value } = one.answer
      const rate = isAlone ? () => undefined : await frozenRates(value)
      expect(one.tell(value, rate, since)).toBe('done')
    }
    expect([...unannounced].filter((key) => !key.endsWith('wait'))).toEqual([])
  }

  /** The books agree with themselves and with the model. */
  async function agree(): Promise<void> {
    expect(await app.db.query('test.breaks', BREAKS, [tenantId])).toEqual([])
    for (const { id, externalId, balance, held, frozen } of await app.db.prisma.account.findMany({
      where: { tenantId },
    })) {
      const expected = model.accounts.get(externalId ?? id) ?? { balance: 0n, held: 0n, frozen: false }
      expect(`${id} ${balance} ${held} ${frozen}`).toBe(`${id} ${expected.balance} ${expected.held} ${expected.frozen}`)
    }
    const where = { tenantId, id: { in: [...model.papers.keys()] } }
    for (const { id, total, state, refunded } of await app.db.prisma.ledgerTransaction.findMany({ where })) {
      const paper = model.paper(id)
      expect(`${id} ${total} ${state} ${refunded}`).toBe(
        `${id} ${paper.total} ${paper.state} ${sum(paper.parts.map((part) => ({ amount: part.refunded })))}`,
      )
    }
  }

  return {
    /** The whole proof, once at the end. */
    breaks: desk.breaks,

    /** Puts all of these at once; answers how many were done and how many refused. */
    async play(batch: readonly Wanted[], number: number): Promise<{ done: number; refused: readonly string[] }> {
      const since = clock.now().getTime()
      const acts = batch.flatMap(({ command, twice }, index) => {
        const act = actOf(command)
        const key = `${number}-${index}-${command.verb}`
        return act
          ? Array.from({ length: twice ? 2 : 1 }, (_, time) => ({ ...act, key, requestId: `${key}-${time}` }))
          : []
      })
      const answers = await Promise.allSettled(
        acts.map(async ({ ask, key, requestId }, index) => {
          const by = await openDesk(nodes[index % 2] ?? app, { ...actor, requestId })
          return ask(by, { key })
        }),
      )
      const asked = acts.map((act, index) => ({ ...act, answer: answers[index] as PromiseSettledResult<string> }))
      await replay(asked, since, acts.length === 1)
      const refused = asked.flatMap(({ answer, ...act }) =>
        answer.status === 'rejected' ? [{ ...act, code: codeOf(answer.reason) }] : [],
      )
      if (acts.length === 1) {
        for (const { tell, code } of refused) expect(tell('', () => undefined, clock.now().getTime())).toBe(code)
      }
      await agree()
      return { done: acts.length - refused.length, refused: refused.map(({ code }) => code) }
    },
  }
}

function text(amount: bigint, currency: string): string {
  return `${formatDecimal(amount, currency === 'JPY' ? 0 : 2)} ${currency}`
}

function sum(shares: readonly { amount: bigint }[]): bigint {
  return shares.reduce((all, { amount }) => all + amount, 0n)
}

import { type FaultKind, type FaultRule, PAYMENT_FAULTS } from '../fault-rules.ts'
import { drawFault, takeFault } from '../faults.ts'
import { EMAIL_RULE } from '../fields.ts'
import type { Transaction, World } from '../store.ts'
import { cancelTasks } from '../tasks.ts'
import type { Context } from './context.ts'
import { type Coin, coin } from './currencies.ts'
import { type Attempt, customers, type Payer, type Quote, type Session, sessions } from './documents.ts'
import { conflict, notFound } from './errors.ts'
import { Fields, FREE_TEXT_RULE, nameRule } from './fields.ts'
import { type Caller, visible } from './keys.ts'
import { isHeld, quote } from './quotes.ts'
import { minUnitsFor } from './rates.ts'
import { canBePaid, isShort, statusOf } from './session.ts'
import { type AuthorizationChoice, authorizationFor } from './subscriptions/authorization.ts'
import { begin, record } from './transactions.ts'
import { centsOf, usdOf } from './usd.ts'
import { addressOf, transactionHashOf } from './wallet.ts'

export const OUTCOMES = ['PAY', 'FAIL', 'UNDERPAY', 'OVERPAY', 'EXPIRE', 'CANCEL'] as const
type Outcome = (typeof OUTCOMES)[number]

type Paying = Exclude<Outcome, 'EXPIRE' | 'CANCEL'>

function isPaying(outcome: Outcome): outcome is Paying {
  return outcome !== 'EXPIRE' && outcome !== 'CANCEL'
}

/** What arrives, in percent of what was asked for. */
const RECEIVED_PERCENT = { PAY: 100n, FAIL: 0n, UNDERPAY: 90n, OVERPAY: 110n } as const

export interface Play {
  readonly outcome: Outcome
  /** What to pay with; what the payer chose before when absent, or else the first coin. */
  readonly coin?: Coin | undefined
  /** Who pays, as the request gave it; only looked at when the session knows nobody. */
  readonly customer?: Readonly<Record<string, unknown>> | undefined
  /** What to allow where there is a plan; what the payer chose before when absent, or else twelve periods. */
  readonly authorization?: AuthorizationChoice | undefined
  /** Who plays it by the API, and not on the page. */
  readonly caller?: Caller
  /** The rules of the realm's faults, where they were read already. */
  readonly faults?: readonly FaultRule[] | undefined
}

/**
 * Does what a payer would do. Of two at the same moment one is first and the other is told so.
 * @throws ApiError 404 without such a session, 409 when it can no longer be paid, 400 naming missing customer fields.
 */
export async function play(context: Context, realm: string, uuid: string, wanted: Play): Promise<Session> {
  // Read before the transaction, which must not wait for another connection of the pool that it holds one of.
  const now = await context.clockOf(realm)
  return context.transaction(realm, async (world) => {
    const session = await sessions.lock(world, uuid)
    if (!session) throw notFound()
    if (wanted.caller) visible(wanted.caller, session)
    if (!canBePaid(session, now)) throw conflict(`the session is already ${statusOf(session, now)?.status}`)
    // What has money in it can run out of time, but nobody cancels it.
    if (isShort(session) && wanted.outcome === 'CANCEL') throw conflict('a part of the session is paid')
    if (!isPaying(wanted.outcome)) return end(context, world, session, wanted.outcome, now)
    const price = quoteFor(context, session, wanted.coin, now)
    const authorization = authorize(context, session, wanted.authorization)
    const ready = { ...(await withPayer(world, session, wanted.customer)), quote: price, authorization }
    const fault = await faultOf(world, ready, wanted)
    return begin(context, world, ready, attemptFrom(ready, price, wanted.outcome, fault), now)
  })
}

function authorize(
  { settings }: Context,
  session: Session,
  choice: AuthorizationChoice | undefined,
): Session['authorization'] {
  if (!session.plan) return undefined
  return (choice === undefined && session.authorization) || authorizationFor(session, choice ?? {}, settings)
}

/** The session with somebody who pays: its customer, or who the payer said to be. */
async function withPayer(world: World, session: Session, given: Play['customer']): Promise<Session> {
  if (await isCustomerKnown(world, session)) return session
  const payer = given || !session.payer ? payerFrom(given ?? {}) : session.payer
  return { ...session, customerUUID: undefined, payer }
}

async function end(
  context: Context,
  world: Transaction,
  session: Session,
  outcome: 'EXPIRE' | 'CANCEL',
  now: Date,
): Promise<Session> {
  await cancelTasks(world, 'expire', session.uuid)
  const at = now.toISOString()
  if (outcome === 'CANCEL') return record(context, world, session, { status: 'cancelled', at, txHash: '' })
  return record(context, world, { ...session, expiresAt: at }, { status: 'expired', at, txHash: '' })
}

/** Whether the session was made for a customer who still exists; if not, the payer says who they are. */
export async function isCustomerKnown(world: World, session: Session): Promise<boolean> {
  return session.customerUUID !== undefined && (await customers.find(world, session.customerUUID)) !== undefined
}

/** @throws ApiError naming the fields that are missing or wrong. */
export function payerFrom(input: Readonly<Record<string, unknown>>): Payer {
  const fields = new Fields(input)
  const payer = {
    name: fields.text('name', nameRule(1)),
    lastName: fields.text('lastName', nameRule(1)),
    email: fields.text('email', EMAIL_RULE),
    phoneNumber: fields.optionalText('phoneNumber', FREE_TEXT_RULE),
    address: fields.optionalText('address', FREE_TEXT_RULE),
  }
  fields.check()
  return payer
}

function quoteFor({ settings }: Context, session: Session, wanted: Coin | undefined, now: Date): Quote {
  const held = session.quote
  const chosen = wanted ?? coin(held?.currencyId ?? 1)
  return held && held.currencyId === chosen.id && isHeld(held, now) ? held : quote(session, chosen, now, settings)
}

/** What this payer does otherwise than they meant to. */
async function faultOf(world: World, { kind }: Session, { outcome, faults }: Play): Promise<FaultKind | undefined> {
  if (kind !== 'payment' || outcome !== 'PAY') return undefined
  const fault = faults ? drawFault(world, faults, PAYMENT_FAULTS) : takeFault(world, PAYMENT_FAULTS)
  return (await fault)?.kind
}

function attemptFrom(session: Session, asked: Quote, wanted: Attempt['outcome'], fault?: FaultKind): Attempt {
  // Whoever sent too little sends the rest in the same coin, at the price that they were told.
  const before = isShort(session) ? session.attempt : undefined
  const price = before?.quote ?? asked
  const { chain } = coin(price.currencyId)
  const outcome = fault === 'UNDERPAY' || fault === 'OVERPAY' ? fault : wanted
  return {
    outcome,
    ...(fault === 'PAY_LATE' ? { isLate: true } : {}),
    quote: price,
    ...inAll(received(session, price, outcome, before), before),
    from: addressOf(`payer:${session.uuid}`, chain),
    txHash: transactionHashOf(session.attempt ? `${session.uuid}:${session.attempt.txHash}` : session.uuid, chain),
  }
}

type Received = Pick<Attempt, 'receivedMinUnits' | 'receivedUsd'>

function inAll(now: Received, before: Received | undefined): Received {
  if (!before) return now
  return {
    receivedMinUnits: (BigInt(before.receivedMinUnits) + BigInt(now.receivedMinUnits)).toString(),
    receivedUsd: usdOf(centsOf(before.receivedUsd) + centsOf(now.receivedUsd)),
  }
}

/** What arrives on the chain: money, or an allowance; one that is too small covers less than a single bill. */
function received(session: Session, price: Quote, outcome: Attempt['outcome'], before?: Received): Received {
  const percent = RECEIVED_PERCENT[outcome]
  const { authorization } = session
  if (!authorization) {
    return {
      receivedMinUnits: (
        ((BigInt(price.amountMinUnits) - BigInt(before?.receivedMinUnits ?? 0)) * percent) /
        100n
      ).toString(),
      receivedUsd: usdOf(((centsOf(session.price) - centsOf(before?.receivedUsd ?? '0.00')) * percent) / 100n),
    }
  }
  const bill = centsOf(session.kind === 'payAsYouGo' ? authorization.maximum : session.price)
  const cents = ((outcome === 'UNDERPAY' ? bill : centsOf(authorization.allowance)) * percent) / 100n
  const { currencyId, rate } = price
  return { receivedMinUnits: minUnitsFor(cents, coin(currencyId), BigInt(rate)).toString(), receivedUsd: usdOf(cents) }
}

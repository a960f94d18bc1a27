import { BPS, divideHalfEven } from '../../../kernel/money.ts'
import type { Settings } from '../context.ts'
import type { Session } from '../documents.ts'
import { badRequest } from '../errors.ts'
import { centsOf, usdOf } from '../usd.ts'
import type { Authorization } from './plan.ts'

/** What a customer may choose; the rest follows from the plan. USD amounts are decimal text. */
export interface AuthorizationChoice {
  readonly periods?: number | undefined
  readonly allowance?: string | undefined
  readonly maximum?: string | undefined
}

export const DEFAULT_PERIODS = 12
export const MAX_PERIODS = 120

/** What usage may come to in a period unless the customer says otherwise. */
const DEFAULT_USAGE_MAXIMUM = '100.00'

/**
 * The allowance for the periods that the customer wants: their price and a little more, since the coin's price moves.
 * @throws ApiError 400 when the maximum does not even cover the price.
 */
export function authorizationFor(session: Session, choice: AuthorizationChoice, settings: Settings): Authorization {
  const maximum = choice.maximum === undefined ? defaultMaximum(session, settings) : usdOf(centsOf(choice.maximum))
  const perPeriod = session.kind === 'payAsYouGo' ? maximum : session.price
  if (centsOf(maximum) < centsOf(perPeriod)) throw badRequest('the maximum per bill is less than the price')
  const cents = choice.allowance
    ? centsOf(choice.allowance)
    : centsOf(perPeriod) * BigInt(choice.periods ?? DEFAULT_PERIODS)
  const allowance = usdOf(choice.allowance ? cents : withBuffer(cents, settings))
  return { allowance, maximum, ...(choice.periods === undefined ? {} : { periods: choice.periods }) }
}

export function defaultMaximum({ kind, price }: Pick<Session, 'kind' | 'price'>, settings: Settings): string {
  return kind === 'payAsYouGo' ? DEFAULT_USAGE_MAXIMUM : usdOf(withBuffer(centsOf(price), settings))
}

function withBuffer(cents: bigint, { allowanceBufferBps }: Settings): bigint {
  return divideHalfEven(cents * (BPS + BigInt(allowanceBufferBps)), BPS)
}

/** Whether the allowance covers what is taken when the subscription is made. */
export function coversFirstBill({ kind, plan, price }: Session, allowance: string): boolean {
  return kind !== 'subscription' || plan?.trialPeriod !== undefined || centsOf(allowance) >= centsOf(price)
}

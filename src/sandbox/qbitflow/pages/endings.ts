import { formatDecimal } from '../../../kernel/money.ts'
import { coin } from '../currencies.ts'
import type { Attempt, Session, Status } from '../documents.ts'
import { centsOf, usdOf } from '../usd.ts'
import { usd } from './summary.ts'

/** How a checkout stands, in words for its customer: one heading for one status, on every page. */

type Headlines = Readonly<Record<Status, string>>

const PAYMENT_HEADLINES: Headlines = {
  created: 'Payment on its way',
  waitingConfirmation: 'Payment on its way',
  completed: 'Payment received',
  failed: 'Payment failed',
  cancelled: 'Payment cancelled',
  expired: 'This checkout has expired',
}

const PLAN_HEADLINES: Headlines = {
  created: 'Setting up your subscription',
  waitingConfirmation: 'Setting up your subscription',
  completed: 'Your subscription has started',
  failed: 'The subscription could not be set up',
  cancelled: 'Subscription cancelled',
  expired: 'This checkout has expired',
}

export function headlinesOf({ plan, attempt }: Pick<Session, 'plan' | 'attempt'>): Headlines {
  const headlines = plan ? PLAN_HEADLINES : PAYMENT_HEADLINES
  if (!isUnderpaid(attempt)) return headlines
  return { ...headlines, failed: plan ? 'You allowed too little' : 'You paid too little' }
}

/** What each ending means for the customer, and what they can do next. */
export function explanationsOf(session: Session, shop: string): Partial<Headlines> {
  const { plan, attempt } = session
  const failed = isUnderpaid(attempt) ? shortfall(session, attempt, shop) : failure(session)
  const waiting = `This page updates by itself. Do not ${plan ? 'authorise' : 'pay'} again.`
  return {
    created: waiting,
    waitingConfirmation: waiting,
    completed: plan
      ? `${shop} can take each payment when it is due, up to the amount that you allowed.`
      : received(session, shop),
    failed,
    cancelled: `Nothing was paid. Ask ${shop} for a new link if you still want to ${plan ? 'subscribe' : 'pay'}.`,
    expired: `It can no longer be paid. Ask ${shop} for a new link.`,
  }
}

function received({ price, attempt }: Session, shop: string): string {
  if (attempt?.outcome !== 'OVERPAY') return `${shop} has your payment.`
  const { receivedMinUnits, receivedUsd, quote } = attempt
  const { symbol } = coin(quote.currencyId)
  const extra = wholeCoins(BigInt(receivedMinUnits) - BigInt(quote.amountMinUnits), attempt)
  return (
    `You sent ${wholeCoins(receivedMinUnits, attempt)} ${symbol} (${usd(receivedUsd)}). ` +
    `That is ${extra} ${symbol} (${usd(usdOf(centsOf(receivedUsd) - centsOf(price)))}) too much. ` +
    `Your order is paid. Ask ${shop} to send the difference back.`
  )
}

export function isUnderpaid(attempt: Attempt | undefined): attempt is Attempt {
  return attempt?.outcome === 'UNDERPAY'
}

function failure({ plan }: Session): string {
  return `The ${plan ? 'authorisation' : 'payment'} did not go through. Nothing was taken. Try again.`
}

function shortfall({ plan, price }: Session, attempt: Attempt, shop: string): string {
  const { receivedMinUnits, receivedUsd, quote } = attempt
  if (plan) {
    return `You allowed ${usd(receivedUsd)}, which does not cover the first payment. Nothing was taken. You can try again.`
  }
  const missing = BigInt(quote.amountMinUnits) - BigInt(receivedMinUnits)
  const missingUsd = usdOf(centsOf(price) - centsOf(receivedUsd))
  const { symbol } = coin(quote.currencyId)
  return (
    `You sent ${wholeCoins(receivedMinUnits, attempt)} ${symbol} (${usd(receivedUsd)}). ` +
    `${wholeCoins(missing, attempt)} ${symbol} (${usd(missingUsd)}) is missing, so your order is not paid. ` +
    `Pay the rest, or ask ${shop} to send the money back.`
  )
}

/** Minor units as whole coins, without zeros at the end. */
export function wholeCoins(minUnits: string | bigint, { quote }: Pick<Attempt, 'quote'>): string {
  return formatDecimal(BigInt(minUnits), coin(quote.currencyId).decimals).replace(/\.?0+$/, '')
}

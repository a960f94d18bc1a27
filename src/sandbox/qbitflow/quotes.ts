import type { Settings } from './context.ts'
import type { Coin } from './currencies.ts'
import type { Quote, Session } from './documents.ts'
import { minUnitsFor, rateAt } from './rates.ts'
import { centsOf } from './usd.ts'

/** What the session costs in a coin now, held for the payer for some minutes. */
export function quote(session: Pick<Session, 'price'>, coin: Coin, now: Date, settings: Settings): Quote {
  const rate = rateAt(coin.symbol, now, settings.rateSeed)
  return {
    currencyId: coin.id,
    amountMinUnits: minUnitsFor(centsOf(session.price), coin, rate).toString(),
    rate: rate.toString(),
    expiresAt: new Date(now.getTime() + settings.quoteLifetimeMs).toISOString(),
  }
}

export function isHeld(quote: Quote, now: Date): boolean {
  return now < new Date(quote.expiresAt)
}

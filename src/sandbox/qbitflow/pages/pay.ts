import { raw } from 'hono/html'
import { toString as qrCode } from 'qrcode'
import { type Html, html, NOTHING } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import { coin } from '../currencies.ts'
import type { Quote, Session } from '../documents.ts'
import { merchantAddress } from '../payment.ts'
import { isShort } from '../session.ts'
import { paymentUri } from '../wallet.ts'
import { coinAmount, rateText, shownAmount } from './amounts.ts'
import { cancellation } from './cancellation.ts'
import { coinIcon } from './details.ts'
import { lastAttempt } from './last-attempt.ts'
import { PAGES, summary } from './summary.ts'

export interface PayView {
  readonly session: Session
  readonly quote: Quote
  readonly path: string
  /** How long the quote is still held; 0 or less when it has run out. */
  readonly secondsLeft: number
}

/** What is missing of a payment that was too little, at the price that the customer was told. */
export function restOf(session: Session): Quote | undefined {
  const { attempt, expiresAt } = session
  if (!attempt || !isShort(session)) return undefined
  const missing = BigInt(attempt.quote.amountMinUnits) - BigInt(attempt.receivedMinUnits)
  return { ...attempt.quote, amountMinUnits: missing.toString(), expiresAt }
}

const OTHER_PAYMENTS = [
  ['FAIL', 'Fail'],
  ['UNDERPAY', 'Underpay'],
  ['OVERPAY', 'Overpay'],
] as const

/** The second step: what to send where, and a wallet that sends it. */
export async function payPage({ session, quote, path, secondsLeft, shop }: PayView & { shop: string }): Promise<Html> {
  const chosen = coin(quote.currencyId)
  const to = merchantAddress(session, chosen.id)
  const amount = coinAmount(quote.amountMinUnits, chosen)
  const shown = shownAmount(amount)
  const uri = paymentUri(chosen, to, BigInt(quote.amountMinUnits), amount)
  const square = await qrCode(uri, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' })
  const isRest = isShort(session)
  return html`${summary(session)}
<section class="panel">
  ${progress(PAGES, 1)}
  <h1>${isRest ? 'Send the rest' : 'Send the payment'}</h1>
  ${lastAttempt(session, shop)}
  <p class="rate">${coinIcon(chosen)} <span><strong>${chosen.symbol}</strong> on ${chosen.chain.name} <small>(${chosen.chain.network})</small></span>
    ${isRest ? NOTHING : html`<a class="change" href="${path}">Change<span class="hidden"> currency</span></a>`}</p>
  <div class="send">
    <div class="scan"><div class="qr" role="img" aria-label="QR code for a payment of ${shown} ${chosen.symbol}">${raw(square)}</div>
      <a class="button small" href="${uri}">Open in wallet</a></div>
    <dl class="facts">
      <dt>Amount</dt>
      <dd>${copyable('amount', amount, html`<strong class="amount">${shown}</strong> ${chosen.symbol}`, 'amount')}</dd>
      <dt>To this address</dt>
      <dd>${copyable('address', to, html`<code>${to}</code>`, 'address')}</dd>
      <dt>Rate</dt>
      <dd>1 ${chosen.symbol} = ${rateText(quote.rate)}${countdown(secondsLeft)}</dd>
    </dl>
  </div>
  ${renewal(path, quote, secondsLeft)}
  ${wallet(path, `Pay ${shown} ${chosen.symbol}`, OTHER_PAYMENTS, secondsLeft)}
  ${isRest ? NOTHING : cancellation({ session, path })}
</section>`
}

export function copyable(id: string, text: string, shown: Html, what: string): Html {
  return html`<span class="copyable"><span id="${id}">${shown}</span>
    <button class="copy" type="button" hidden data-copy="${text}" aria-label="Copy the ${what}"><span data-copy-label>Copy</span></button></span>`
}

export function countdown(secondsLeft: number): Html {
  if (secondsLeft <= 0) return NOTHING
  const minutes = Math.floor(secondsLeft / 60)
  const clock = `${minutes}:${String(secondsLeft % 60).padStart(2, '0')}`
  return html`<span class="countdown">valid for <span role="timer" data-countdown="${secondsLeft}">${clock}</span></span>`
}

export function renewal(path: string, quote: Quote, secondsLeft: number): Html {
  return html`<form class="notice warn" method="post" action="${path}" data-stale${secondsLeft > 0 ? html` hidden` : NOTHING}>
    <input type="hidden" name="currencyId" value="${quote.currencyId}">
    <p role="status">This rate has expired.</p><button class="button small" type="submit">Get a new rate</button>
  </form>`
}

export function wallet(
  path: string,
  label: string,
  others: readonly (readonly [string, string])[],
  secondsLeft: number,
): Html {
  const held = secondsLeft > 0 ? NOTHING : html` disabled`
  return html`<form class="wallet" method="post" action="${path}/play" aria-labelledby="wallet-title">
    <h2 id="wallet-title">Test wallet</h2>
    <p>It acts as the customer's wallet. Choose how the payment ends.</p>
    <button class="button primary" name="outcome" value="PAY" data-pay${held}>${label}</button>
    <div class="outcomes">${others.map(
      ([outcome, label]) =>
        html`<button class="button" name="outcome" value="${outcome}" data-pay${held}>${label}</button>`,
    )}<button class="button" name="outcome" value="EXPIRE">Let it expire</button></div>
  </form>`
}

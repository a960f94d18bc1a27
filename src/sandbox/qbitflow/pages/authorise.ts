import { raw } from 'hono/html'
import { toString as qrCode } from 'qrcode'
import { type Html, html } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import { coin } from '../currencies.ts'
import { merchantAddress } from '../payment.ts'
import { minUnitsFor } from '../rates.ts'
import { durationText } from '../subscriptions/duration.ts'
import type { Authorization, Plan } from '../subscriptions/plan.ts'
import { centsOf } from '../usd.ts'
import { allowanceUri } from '../wallet.ts'
import { coinAmount, rateText, shownAmount } from './amounts.ts'
import { cancellation } from './cancellation.ts'
import { coinIcon } from './details.ts'
import { copyable, countdown, type PayView, renewal, wallet } from './pay.ts'
import { ALLOWANCE, PLAN_PAGES, summary, usd } from './summary.ts'

export interface AuthoriseView extends PayView {
  readonly plan: Plan
  readonly authorization: Authorization
  /** The checkout's address for a wallet that asks it what to sign. */
  readonly link: string
}

const OTHER_AUTHORISATIONS = [
  ['FAIL', 'Fail'],
  ['UNDERPAY', 'Allow too little'],
  ['OVERPAY', 'Allow more'],
] as const

/** The second step of a subscription: what is allowed to whom, and a wallet that allows it. */
export async function authorisePage(view: AuthoriseView): Promise<Html> {
  const { session, quote, path, secondsLeft, plan, authorization, link } = view
  const chosen = coin(quote.currencyId)
  const spender = merchantAddress(session, chosen.id)
  const minUnits = minUnitsFor(centsOf(authorization.allowance), chosen, BigInt(quote.rate))
  const amount = coinAmount(minUnits.toString(), chosen)
  const shown = shownAmount(amount)
  const uri = allowanceUri(chosen, spender, minUnits, link)
  const square = await qrCode(uri, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' })
  return html`${summary(session)}
<section class="panel">
  ${progress(PLAN_PAGES, 1)}
  <h1>Authorise the subscription</h1>
  <p class="explanation">${ALLOWANCE}</p>
  <p class="rate">${coinIcon(chosen)} <span><strong>${chosen.symbol}</strong> on ${chosen.chain.name} <small>(${chosen.chain.network})</small></span>
    <a class="change" href="${path}">Change<span class="hidden"> currency or allowance</span></a></p>
  <div class="send">
    <div class="scan"><div class="qr" role="img" aria-label="QR code for an allowance of ${shown} ${chosen.symbol}">${raw(square)}</div>
      <a class="button small" href="${uri}">Open in wallet</a></div>
    <dl class="facts">
      <dt>Allowance, ${usd(authorization.allowance)}</dt>
      <dd>${copyable('amount', amount, html`<strong class="amount">${shown}</strong> ${chosen.symbol}`, 'amount')}</dd>
      <dt>At most per ${durationText(plan.frequency)}</dt>
      <dd>${usd(authorization.maximum)}</dd>
      <dt>Paid today</dt>
      <dd>${session.kind === 'payAsYouGo' || plan.trialPeriod ? 'Nothing' : usd(session.price)}</dd>
      <dt>Allowed to this address</dt>
      <dd>${copyable('address', spender, html`<code>${spender}</code>`, 'address')}</dd>
      <dt>Rate</dt>
      <dd>1 ${chosen.symbol} = ${rateText(quote.rate)}${countdown(secondsLeft)}</dd>
    </dl>
  </div>
  ${renewal(path, quote, secondsLeft)}
  ${wallet(path, `Allow ${shown} ${chosen.symbol}`, OTHER_AUTHORISATIONS, secondsLeft)}
  ${cancellation({ session, path })}
</section>`
}

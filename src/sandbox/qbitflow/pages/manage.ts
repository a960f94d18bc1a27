import { type Html, html, NOTHING } from '../../pages/html.ts'
import { coin } from '../currencies.ts'
import type { FieldError } from '../errors.ts'
import { boundUntil, isUnpaid } from '../subscriptions/billing.ts'
import type { Operation, OperationType, Subscription, SubscriptionStatus } from '../subscriptions/documents.ts'
import { type Bill, billList } from './bills.ts'
import { dayText, momentText } from './dates.ts'
import { numberField } from './details.ts'
import { summary, usd } from './summary.ts'

export interface ManageView {
  readonly subscription: Subscription
  readonly bills: readonly Bill[]
  /** What the chain has not confirmed yet. */
  readonly underway: readonly Operation[]
  readonly shop: string
  readonly path: string
  readonly now: Date
  /** Why what the customer just asked for was refused. */
  readonly complaint?: string | undefined
  readonly errors: readonly FieldError[]
}

const TITLES: Readonly<Record<SubscriptionStatus, string>> = {
  trial: 'Your free trial',
  trial_expired: 'Your trial is over',
  active: 'Your subscription',
  low_on_funds: 'Your allowance is running low',
  pending: 'A bill is above your maximum',
  past_due: 'A bill could not be paid',
  cancelled: 'This subscription is over',
}

const UNDERWAY: Readonly<Record<OperationType, string>> = {
  executeSubscription: 'A bill is being paid.',
  cancelSubscription: 'Your cancellation is being confirmed.',
  cancelPAYGSubscription: 'Your cancellation is being confirmed.',
  increaseAllowance: 'Your top-up is being confirmed.',
  updateMaxAmount: 'Your new maximum is being confirmed.',
}

/** How a subscription stands, and everything that its customer can do about it. */
export function managePage(view: ManageView): Html {
  const { subscription, bills, underway, path, complaint, errors } = view
  const isOver = subscription.status === 'cancelled'
  const [tone, news] = newsOf(view)
  return html`${summary(subscription, 'Your subscription')}
<section class="panel">
  <h1>${TITLES[subscription.status]}</h1>
  ${complaint || errors.length > 0 ? html`<p class="notice bad" role="alert">${complaint ?? 'Please check the marked fields.'}</p>` : NOTHING}
  ${underway.map(({ type }) => html`<p class="notice" role="status">${UNDERWAY[type]}</p>`)}
  <p class="notice ${tone}">${news}</p>
  ${isOver ? NOTHING : confirmation(subscription, path)}
  ${facts(subscription)}
  ${isOver ? NOTHING : html`${allowanceForms(view)}${cancellation(view)}`}
  <h2 class="section">What you paid</h2>
  ${billList(bills, path)}
</section>`
}

/** The state in words, with the tone to say it in. */
function newsOf({ subscription, shop }: ManageView): readonly ['good' | 'warn' | 'bad', string] {
  const { status, stopped, nextBillingDate: next, graceEndsAt, price } = subscription
  const until = graceEndsAt ? momentText(graceEndsAt) : ''
  switch (status) {
    case 'cancelled':
      return ['warn', `Nothing more will be taken. ${shop} will be glad to send you a new link.`]
    case 'trial':
      return ['warn', `It ends on ${dayText(next)}. Confirm until then to go on for ${usd(price)}.`]
    case 'trial_expired':
      return ['bad', `Confirm until ${until} to go on. After that the subscription is cancelled.`]
    case 'past_due':
      return ['bad', `Your allowance does not cover it. Top it up until ${until} to keep the subscription.`]
    case 'pending':
      return ['bad', `Raise your maximum until ${until} to keep the subscription.`]
    default:
  }
  if (stopped) return ['warn', `Cancelled. It runs until ${dayText(next)}.`]
  if (status === 'low_on_funds') return ['warn', `Less than two bills are left. Top up before ${dayText(next)}.`]
  return ['good', `All is well. The next bill is due on ${dayText(next)}.`]
}

function confirmation({ status, billing }: Subscription, path: string): Html {
  if ((status !== 'trial' && status !== 'trial_expired') || billing) return NOTHING
  const label = status === 'trial' ? 'Go on after the trial' : 'Go on and pay the first bill'
  return html`<form method="post" action="${path}/confirm"><button class="button primary" type="submit">${label}</button></form>`
}

function facts(subscription: Subscription): Html {
  const { allowance, maximum, usage, status, currencyId, nextBillingDate } = subscription
  const paidWith = coin(currencyId)
  const isOver = status === 'cancelled'
  return html`<dl class="receipt">
    ${isOver ? NOTHING : html`<div><dt>Allowance left</dt><dd>${usd(allowance)}</dd></div><div><dt>Most per bill</dt><dd>${usd(maximum)}</dd></div>`}
    ${usage ? html`<div><dt>Used so far</dt><dd>${usage.unitsCurrentPeriod} units</dd></div>` : NOTHING}
    ${usage && usage.freeCredits !== '0' ? html`<div><dt>Free credit left</dt><dd>${usd(usage.freeCredits)}</dd></div>` : NOTHING}
    ${isOver ? NOTHING : html`<div><dt>${isUnpaid(subscription) ? 'Was due on' : 'Next bill'}</dt><dd>${dayText(nextBillingDate)}</dd></div>`}
    <div><dt>Paid with</dt><dd>${paidWith.symbol} on ${paidWith.chain.name}</dd></div>
  </dl>`
}

function allowanceForms({ subscription, path, errors }: ManageView): Html {
  const amount = { min: '0.01', step: '0.01' }
  const isShort = subscription.status === 'past_due' || subscription.status === 'low_on_funds'
  return html`<h2 class="section">Allowance</h2>
  <div class="verbs">
    <form method="post" action="${path}/top-up">
      ${numberField('allowance', 'Add to the allowance (USD)', '', errors, amount)}
      <button class="button small${isShort ? ' primary' : ''}" type="submit">Top up</button>
    </form>
    <form method="post" action="${path}/maximum">
      ${numberField('maximum', 'Most per bill (USD)', subscription.maximum, errors, amount)}
      <button class="button small${subscription.status === 'pending' ? ' primary' : ''}" type="submit">Change the maximum</button>
    </form>
  </div>`
}

function cancellation({ subscription, path, now }: ManageView): Html {
  const earliest = boundUntil(subscription, now)
  if (subscription.stopped) return NOTHING
  if (earliest) {
    return html`<h2 class="section">Cancel</h2><p class="hint">You agreed to stay until ${dayText(earliest)}. You can cancel from then on.</p>`
  }
  return html`<h2 class="section">Cancel</h2>
  <form method="post" action="${path}/cancel">
    <p class="hint">The subscription then ends ${isUnpaid(subscription) ? 'at once, since its bill is not paid' : 'with the period that runs'}.</p>
    <button class="button small" type="submit">Cancel the subscription</button>
  </form>`
}

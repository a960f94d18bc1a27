import { type Html, html, NOTHING } from '../../pages/html.ts'
import { coin } from '../currencies.ts'
import type { FieldError } from '../errors.ts'
import { boundUntil, isUnpaid } from '../subscriptions/billing.ts'
import type { Operation, OperationType, Subscription } from '../subscriptions/documents.ts'
import { type Bill, billList, type RefusedReason } from './bills.ts'
import { dayText, momentText } from './dates.ts'
import { numberField } from './details.ts'
import { ALLOWANCE, summary, usd } from './summary.ts'

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
  /** What the customer typed into the form that was refused. */
  readonly typed: Readonly<Record<string, string>>
  readonly refused?: RefusedReason | undefined
}

/** A state as its customer reads it: one heading, and a sentence that says what it means. */
interface News {
  readonly tone: 'good' | 'warn' | 'bad'
  readonly heading: string
  readonly text: string
}

const UNDERWAY: Readonly<Record<OperationType, string>> = {
  executeSubscription: 'Your payment is being confirmed',
  cancelSubscription: 'Your cancellation is being confirmed',
  cancelPAYGSubscription: 'Your cancellation is being confirmed',
  increaseAllowance: 'Your top-up is being confirmed',
  updateMaxAmount: 'Your new maximum is being confirmed',
}

/**
 * How a subscription stands, and everything that its customer can do about it. A part that is marked `data-part` is
 * brought up to date by the script while something is being confirmed.
 */
export function managePage(view: ManageView): Html {
  const { subscription, bills, underway, path, complaint, errors } = view
  const isOver = subscription.status === 'cancelled'
  const { tone, heading, text } = newsOf(view)
  return html`${summary(subscription, 'Your subscription')}
<section class="panel" data-manage="${path}"${underway.length > 0 ? html` data-underway` : NOTHING}>
  <h1 data-part="heading">${heading}</h1>
  ${complaint || errors.length > 0 ? html`<p class="notice bad" role="alert">${complaint ?? 'Please check the marked fields.'}</p>` : NOTHING}
  <div data-part="news" role="status"><p class="notice ${tone}">${text}</p>
    ${underway.length > 0 ? html`<noscript><p><a href="${path}">See how it stands now</a></p></noscript>` : NOTHING}</div>
  <div data-part="confirm">${isOver ? NOTHING : confirmation(subscription, path)}</div>
  <div data-part="facts">${facts(subscription)}</div>
  ${isOver ? NOTHING : html`${allowanceForms(view)}<div data-part="cancel">${cancellation(view)}</div>`}
  <h2 class="section">What you paid</h2>
  <div data-part="bills">${billList(bills, path, view.refused)}</div>
</section>`
}

function newsOf(view: ManageView): News {
  const [first, ...others] = view.underway
  if (!first) return settledNews(view)
  const also = others.map(({ type }) => `${UNDERWAY[type]}, too.`)
  const text = ['The network is confirming it. This can take a minute.', ...also].join(' ')
  return { tone: 'warn', heading: UNDERWAY[first.type], text }
}

/** The state while nothing is being confirmed. */
function settledNews({ subscription, shop }: ManageView): News {
  const { status, stopped, nextBillingDate: next, graceEndsAt, price } = subscription
  const until = graceEndsAt ? momentText(graceEndsAt) : ''
  switch (status) {
    case 'cancelled':
      return {
        tone: 'warn',
        heading: 'This subscription has ended',
        text: `No more payments are taken. Ask ${shop} for a new link to subscribe again.`,
      }
    case 'trial':
      return {
        tone: 'warn',
        heading: 'Your free trial',
        text: `The trial ends on ${dayText(next)}. To keep the subscription for ${usd(price)}, confirm it before then.`,
      }
    case 'trial_expired':
      return {
        tone: 'bad',
        heading: 'Your trial has ended',
        text: `To keep the subscription, confirm it before ${until}. Otherwise it is cancelled.`,
      }
    case 'past_due':
      return {
        tone: 'bad',
        heading: 'A payment could not be taken',
        text: `Your allowance is too small for it. Top up before ${until} to keep the subscription.`,
      }
    case 'pending':
      return {
        tone: 'bad',
        heading: 'A payment is above your maximum',
        text: `Raise your maximum before ${until} to keep the subscription.`,
      }
    default:
  }
  if (stopped) {
    const text = `You can use it until ${dayText(next)}. ${lastPayment(subscription)}`
    return { tone: 'warn', heading: 'You have cancelled this subscription', text }
  }
  if (status === 'low_on_funds') {
    const text = `It covers fewer than two payments. Top up before ${dayText(next)}.`
    return { tone: 'warn', heading: 'Your allowance is running low', text }
  }
  return { tone: 'good', heading: 'Your subscription is active', text: `The next payment is due on ${dayText(next)}.` }
}

function confirmation({ status, billing }: Subscription, path: string): Html {
  if ((status !== 'trial' && status !== 'trial_expired') || billing) return NOTHING
  const label = status === 'trial' ? 'Confirm the subscription' : 'Confirm and pay the first period'
  return html`<form method="post" action="${path}/confirm"><button class="button primary" type="submit">${label}</button></form>`
}

function facts(subscription: Subscription): Html {
  const { allowance, maximum, usage, status, stopped, currencyId, nextBillingDate } = subscription
  const paidWith = coin(currencyId)
  const isOver = status === 'cancelled'
  return html`<dl class="receipt">
    ${isOver ? NOTHING : html`<div><dt>Allowance left</dt><dd>${usd(allowance)}</dd></div><div><dt>Maximum per payment</dt><dd>${usd(maximum)}</dd></div>`}
    ${usage ? html`<div><dt>Used so far</dt><dd>${usage.unitsCurrentPeriod} units</dd></div>` : NOTHING}
    ${usage && usage.freeCredits !== '0' ? html`<div><dt>Free credit left</dt><dd>${usd(usage.freeCredits)}</dd></div>` : NOTHING}
    ${isOver ? NOTHING : html`<div><dt>${stopped ? 'Ends on' : isUnpaid(subscription) ? 'Was due on' : 'Next payment'}</dt><dd>${dayText(nextBillingDate)}</dd></div>`}
    <div><dt>Paid with</dt><dd>${paidWith.symbol} on ${paidWith.chain.name}</dd></div>
  </dl>`
}

function allowanceForms({ subscription, path, errors, typed }: ManageView): Html {
  if (subscription.stopped && !subscription.usage) return NOTHING
  const amount = { min: '0.01', step: '0.01' }
  // What was typed and refused stays as it is.
  const part = (name: string, field: string) => (field in typed ? NOTHING : html` data-part="${name}"`)
  const isShort = subscription.status === 'past_due' || subscription.status === 'low_on_funds'
  return html`<h2 class="section" data-part="allowance">Allowance</h2>
  <p class="hint">${ALLOWANCE}</p>
  <div class="verbs">
    <form method="post" action="${path}/top-up"${part('top-up', 'allowance')}>
      ${numberField('allowance', 'Add to the allowance (USD)', typed.allowance ?? '', errors, amount)}
      <button class="button small${isShort ? ' primary' : ''}" type="submit">Top up</button>
    </form>
    <form method="post" action="${path}/maximum"${part('maximum', 'maximum')}>
      ${numberField('maximum', 'Maximum per payment (USD)', typed.maximum ?? subscription.maximum, errors, amount)}
      <button class="button small${subscription.status === 'pending' ? ' primary' : ''}" type="submit">Change the maximum</button>
    </form>
  </div>`
}

function cancellation({ subscription, path, now }: ManageView): Html {
  if (subscription.stopped) return NOTHING
  const earliest = boundUntil(subscription, now)
  if (earliest) {
    return html`<h2 class="section">Cancel</h2><p class="hint">You agreed to stay until ${dayText(earliest)}. You can cancel from then on.</p>`
  }
  return html`<h2 class="section">Cancel</h2><p><a class="button small" href="${path}/cancel">Cancel the subscription</a></p>`
}

/** What is still taken from whoever leaves at the end of the period. */
function lastPayment({ usage }: Subscription): string {
  return usage
    ? 'On that day you pay for what you have used. After that, no more payments are taken.'
    : 'No more payments are taken.'
}

/** Asks before a subscription is cancelled. */
export function cancelPage({ subscription, path }: Pick<ManageView, 'subscription' | 'path'>): Html {
  const end = isUnpaid(subscription)
    ? 'It ends at once, because the last payment could not be taken.'
    : `You can use it until ${dayText(subscription.nextBillingDate)}. ${lastPayment(subscription)}`
  return html`${summary(subscription, 'Your subscription')}
<section class="panel">
  <h1>Cancel this subscription?</h1>
  <p class="explanation">${end} This cannot be undone.</p>
  <form method="post" action="${path}/cancel"><button class="button primary" type="submit">Yes, cancel the subscription</button></form>
  <a class="button quiet" href="${path}">No, keep it</a>
</section>`
}

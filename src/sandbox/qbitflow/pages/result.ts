import { basePath } from '../../context.ts'
import { type Html, html, NOTHING } from '../../pages/html.ts'
import type { Context } from '../context.ts'
import { coin } from '../currencies.ts'
import type { Session, StatusChange } from '../documents.ts'
import { isFinal, managementLinkOf, returnUrl } from '../session.ts'
import { momentText } from './dates.ts'
import { explanationsOf, headlinesOf, isUnderpaid, wholeCoins } from './endings.ts'
import type { OpenedSession } from './open.ts'
import { summary, usd } from './summary.ts'

export interface ResultView {
  readonly session: Session
  readonly change: StatusChange
  readonly shop: string
  /** Where the shop wants the customer, if it said so. */
  readonly back?: string | undefined
  /** Whether the customer comes from paying, or has opened the link of a checkout that was over already. */
  readonly justNow: boolean
  /** Where the customer looks after what they bought. */
  readonly manage: string
}

export function resultView(context: Context, { session, organization }: OpenedSession, justNow: boolean): ResultView {
  const change = session.history.at(-1)
  if (!change || !isFinal(change.status)) throw new Error(`the session ${session.uuid} is not over`)
  const back = returnUrl(session, change.status)
  return {
    session,
    change,
    justNow,
    shop: organization.name,
    back,
    manage: managementLinkOf(basePath(context), session),
  }
}

/** How a checkout ended, for a customer with nowhere else to go, and for whoever opens the link again. */
export function resultPage(view: ResultView): Html {
  const { session, change, shop, back, manage } = view
  const good = change.status === 'completed'
  const isShort = change.status === 'failed' && isUnderpaid(session.attempt)
  return html`${summary(session)}
<section class="panel result">
  <span class="seal ${good ? 'good' : change.status === 'failed' && !isShort ? 'bad' : 'over'}" aria-hidden="true"></span>
  <h1>${headline(view)}</h1>
  <p>${explanation(view)}</p>
  ${good ? receipt(session, change) : NOTHING}
  ${back ? html`<a class="button primary" href="${back}">Return to ${shop}</a>` : NOTHING}
  ${good ? html`<a class="button${back ? ' quiet' : ''}" href="${manage}">Manage your ${session.plan ? 'subscription' : 'payment'}</a>` : NOTHING}
</section>`
}

function headline({ session, change, justNow }: ResultView): string {
  const isOld = change.status === 'completed' && !justNow
  if (isOld) return session.plan ? 'This subscription has been set up' : 'This checkout has already been paid'
  return headlinesOf(session)[change.status]
}

function explanation({ session, change, shop, justNow }: ResultView): string | undefined {
  if (!session.plan && change.status === 'completed' && !justNow) {
    return `${shop} has the payment. You do not need to do anything else.`
  }
  return explanationsOf(session, shop)[change.status]
}

function receipt({ attempt, plan }: Session, change: StatusChange): Html {
  if (!attempt) return NOTHING
  const paid = coin(attempt.quote.currencyId)
  return html`<dl class="receipt">
    <div><dt>${plan ? 'Allowed' : 'Paid'}</dt><dd>${usd(attempt.receivedUsd)}</dd></div>
    <div><dt>With</dt><dd>${wholeCoins(attempt.receivedMinUnits, attempt)} ${paid.symbol} on ${paid.chain.name}</dd></div>
    <div><dt>When</dt><dd><time datetime="${change.at}">${momentText(change.at)}</time></dd></div>
    <div><dt>Transaction</dt><dd><code>${change.txHash}</code></dd></div>
  </dl>`
}

/** For a link that leads to nothing; its path says what it was meant for. */
export function unknownPage(path: string): Html {
  const subject = subjectOf(path)
  return html`<section class="panel result">
  <span class="seal over" aria-hidden="true"></span>
  <h1>This link leads to no ${subject}</h1>
  <p>The link is wrong or incomplete. Check the link, or ask the shop for a new one.</p>
</section>`
}

function subjectOf(path: string): string {
  if (/\/(subscription|payment)\/[^/]*\/refund\/*$/.test(path)) return 'payment that can be refunded'
  const [, kind] = /\/(subscription|payment|claim)(?:\/[^/]*){0,2}\/*$/.exec(path) ?? []
  return kind === 'claim' ? 'invitation' : (kind ?? 'checkout')
}

import { type Html, html, NOTHING } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import type { Context } from '../context.ts'
import type { Session, Status } from '../documents.ts'
import { transactionId } from '../ids.ts'
import { isFinal, returnUrl, TX_TYPE } from '../session.ts'
import type { OpenedSession } from './open.ts'
import { pagesOf, summary } from './summary.ts'

export interface ProgressView {
  /** Has at least one status. */
  readonly session: Session
  /** Path and query of the status; its live form is a socket at the path with `/ws`. */
  readonly status: { readonly path: string; readonly query: string }
  /** Where a payer goes after success, and after anything else. */
  readonly next: { readonly completed: string; readonly ended: string }
  readonly pauseMs: number
  readonly shop: string
}

type Steps = readonly (readonly [name: string, title: string, text: string])[]

const PAYMENT_STEPS: Steps = [
  ['created', 'Payment created', 'The wallet has signed the payment.'],
  ['waitingConfirmation', 'Waiting for confirmation', 'The network has the payment and is confirming it.'],
  ['completed', 'Completed', 'The payment is confirmed.'],
]

const PLAN_STEPS: Steps = [
  ['created', 'Authorisation signed', 'The wallet has signed the allowance.'],
  ['waitingConfirmation', 'Waiting for confirmation', 'The network has the allowance and is confirming it.'],
  ['completed', 'Started', 'The subscription runs.'],
]

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

export function headlinesOf({ plan }: Pick<Session, 'plan'>): Headlines {
  return plan ? PLAN_HEADLINES : PAYMENT_HEADLINES
}

export function progressView(context: Context, opened: OpenedSession, base: string): ProgressView {
  const { session, organization } = opened
  const receipt = `${base}/checkout/${session.uuid}/receipt`
  const query = new URLSearchParams({ txUUID: transactionId(session), txType: TX_TYPE[session.kind] })
  return {
    session,
    status: { path: `${base}/v1/transaction/status`, query: query.toString() },
    next: {
      completed: returnUrl(session, 'completed') ?? receipt,
      ended: returnUrl(session, 'cancelled') ?? receipt,
    },
    pauseMs: context.settings.redirectPauseMs,
    shop: organization.name,
  }
}

/** The third step: the page follows the payment and then leads the customer on. */
export function progressPage(view: ProgressView): Html {
  const last = view.session.history.at(-1)
  const status = last?.status ?? 'created'
  const { next, session } = view
  const headlines = headlinesOf(session)
  return html`${summary(view.session)}
<section class="panel" data-live data-path="${view.status.path}" data-query="${view.status.query}" data-completed="${next.completed}" data-ended="${next.ended}"
  data-pause="${view.pauseMs}" data-headlines="${JSON.stringify(headlines)}" data-status="${status}">
  ${progress(pagesOf(view.session), 2)}
  <h1 data-headline>${headlines[status]}</h1>
  ${session.attempt ? steps(session.plan ? PLAN_STEPS : PAYMENT_STEPS, status) : NOTHING}
  <p class="hash" data-hash${last?.txHash ? NOTHING : html` hidden`}>Transaction <code data-hash-text>${last?.txHash ?? ''}</code></p>
  <p class="notice bad" data-message${last?.message ? NOTHING : html` hidden`}>${last?.message ?? ''}</p>
  <p class="hidden" role="status" aria-live="polite" data-announce></p>
  <p class="onward" data-onward${isFinal(status) ? NOTHING : html` hidden`}>
    <span data-onward-text data-completed="${onward(view, 'completed')}" data-ended="${onward(view, 'ended')}">${onward(view, status === 'completed' ? 'completed' : 'ended')}</span>
    <a class="button primary" data-next href="${status === 'completed' ? next.completed : next.ended}">Continue now</a></p>
  ${isFinal(status) ? NOTHING : html`<noscript><p class="notice">This page looks again every two seconds.</p></noscript>`}
</section>`
}

function onward({ next, shop }: ProgressView, end: 'completed' | 'ended'): string {
  if (!next[end].startsWith('/')) return `Taking you back to ${shop} …`
  return end === 'completed' ? 'Taking you to your receipt …' : 'One moment …'
}

/** Without a script the page reloads itself, and then goes where the script would have gone. */
export function refreshTag(view: ProgressView): Html {
  const status = view.session.history.at(-1)?.status ?? 'created'
  if (!isFinal(status)) return html`<noscript><meta http-equiv="refresh" content="2"></noscript>`
  const target = status === 'completed' ? view.next.completed : view.next.ended
  return html`<noscript><meta http-equiv="refresh" content="${Math.ceil(view.pauseMs / 1_000)};url=${target}"></noscript>`
}

type StepState = 'done' | 'now' | 'next' | 'bad'

/** The first step is done as soon as there is a status at all. */
function stateOf(index: number, status: Status): StepState {
  if (status === 'completed') return 'done'
  const reached = status === 'waitingConfirmation' || status === 'failed' ? 1 : 0
  if (index < reached) return 'done'
  if (index > reached) return 'next'
  return isFinal(status) ? 'bad' : 'now'
}

function steps(all: Steps, status: Status): Html {
  return html`<ol class="steps" aria-label="Steps of the payment">${all.map(([name, title, text], index) =>
    stepItem(name, title, text, stateOf(index, status)),
  )}</ol>`
}

function stepItem(name: string, title: string, text: string, state: StepState): Html {
  return html`<li class="step ${state}" data-step="${name}"${state === 'now' ? html` aria-current="step"` : NOTHING}>
    <span class="mark" aria-hidden="true"></span><span><strong>${title}</strong><small>${text}</small></span></li>`
}

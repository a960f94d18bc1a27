import { type Html, html, NOTHING } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import type { Session, Status } from '../documents.ts'
import { transactionId } from '../ids.ts'
import { isFinal, returnUrl, TX_TYPE } from '../session.ts'
import { explanationsOf, headlinesOf, isUnderpaid } from './endings.ts'
import type { OpenedSession } from './open.ts'
import { pagesOf, summary } from './summary.ts'

export interface ProgressView {
  /** Has at least one status. */
  readonly session: Session
  /** Path and query of the status; its live form is a socket at the path with `/ws`. */
  readonly status: { readonly path: string; readonly query: string }
  /** Where a payer goes after success, after an attempt that failed, and after anything else. */
  readonly next: { readonly completed: string; readonly failed: string; readonly ended: string }
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
  ['completed', 'Started', 'The subscription is active.'],
]

/** How long a page that leads back to the shop can be read before it does. */
const PAUSE_SECONDS = 8

export function progressView(opened: OpenedSession, base: string): ProgressView {
  const { session, organization } = opened
  const receipt = `${base}/checkout/${session.uuid}/receipt`
  const query = new URLSearchParams({ txUUID: transactionId(session), txType: TX_TYPE[session.kind] })
  return {
    session,
    status: { path: `${base}/v1/transaction/status`, query: query.toString() },
    next: {
      completed: returnUrl(session, 'completed') ?? receipt,
      failed: `${base}/checkout/${session.uuid}`,
      ended: returnUrl(session, 'cancelled') ?? receipt,
    },
    shop: organization.name,
  }
}

/** The third step: the page follows the payment, says how it ended and leads the customer on. */
export function progressPage(view: ProgressView): Html {
  const { next, session, shop } = view
  const last = session.history.at(-1)
  const status = last?.status ?? 'created'
  const headlines = headlinesOf(session)
  const explanations = explanationsOf(session, shop)
  return html`${summary(session)}
<section class="panel" data-live data-path="${view.status.path}" data-query="${view.status.query}" data-completed="${next.completed}" data-failed="${next.failed}" data-ended="${next.ended}"
  data-headlines="${JSON.stringify(headlines)}" data-explanations="${JSON.stringify(explanations)}">
  ${progress(pagesOf(session), 2)}
  <h1 data-headline>${headlines[status]}</h1>
  <p class="explanation" data-explanation${explanations[status] ? NOTHING : html` hidden`}>${explanations[status] ?? ''}</p>
  ${session.attempt ? steps(session.plan ? PLAN_STEPS : PAYMENT_STEPS, status) : NOTHING}
  <p class="hash" data-hash${last?.txHash ? NOTHING : html` hidden`}>Transaction <code data-hash-text>${last?.txHash ?? ''}</code></p>
  <p class="hidden" role="status" aria-live="polite" data-announce></p>
  ${onward(view, status)}
  ${isFinal(status) ? NOTHING : html`<noscript><p class="notice">This page reloads every two seconds.</p></noscript>`}
</section>`
}

/** The way on. A page that says that an attempt failed stays; another leads to the shop after a while, if not stopped. */
function onward(view: ProgressView, status: Status): Html {
  const { next, shop, session } = view
  const label = (url: string) => (leaves(url) ? `Return to ${shop}` : 'See the details')
  const labels = {
    completed: label(next.completed),
    failed: isUnderpaid(session.attempt) && !session.plan ? 'Pay the rest' : 'Try again',
    ended: label(next.ended),
  }
  const end = status === 'completed' || status === 'failed' ? status : 'ended'
  const mayLeave = [leaves(next.completed) && 'completed', leaves(next.ended) && 'ended'].filter(Boolean)
  return html`<div class="onward" data-onward${isFinal(status) ? NOTHING : html` hidden`}>
    <a class="button primary" data-next data-label-completed="${labels.completed}" data-label-failed="${labels.failed}" data-label-ended="${labels.ended}" href="${next[end]}">${labels[end]}</a>
    ${back(view, end)}
    <p class="leaving" data-leaving="${mayLeave.join(' ')}" data-seconds="${PAUSE_SECONDS}" hidden><span>You return to ${shop} in <span data-seconds-left>${PAUSE_SECONDS}</span> s.</span>
      <button class="button small" type="button" data-stay>Stay on this page</button></p>
  </div>`
}

/** The way to the shop for whoever does not want to try again. */
function back({ next, shop }: ProgressView, end: string): Html {
  if (!leaves(next.ended)) return NOTHING
  const hidden = end === 'failed' ? NOTHING : html` hidden`
  return html`<a class="button quiet" data-back href="${next.ended}"${hidden}>Return to ${shop}</a>`
}

function leaves(url: string): boolean {
  return !url.startsWith('/')
}

/** Without a script the page reloads itself until the payment is over. Then it stays: nobody could stop it from leaving. */
export function refreshTag(view: ProgressView): Html {
  const status = view.session.history.at(-1)?.status ?? 'created'
  return isFinal(status) ? NOTHING : html`<noscript><meta http-equiv="refresh" content="2"></noscript>`
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

import { type Html, html, NOTHING } from '../../pages/html.ts'
import { coin } from '../currencies.ts'
import type { Payment } from '../documents.ts'
import type { Refund } from '../refunds/documents.ts'
import { coinAmount, shownAmount } from './amounts.ts'
import { dayText } from './dates.ts'
import { usd } from './summary.ts'

/** Something that was paid, with the refund that was asked for last. */
export interface Bill {
  readonly payment: Payment
  readonly refund?: Refund | undefined
}

const REFUND_NEWS: Readonly<Record<Refund['status'], string>> = {
  pending: 'Refund asked for',
  approved: 'Refund approved',
  refused: 'Refund refused',
  failed: 'Refund failed',
}

/** A request for a refund that was refused as it was typed. */
export interface RefusedReason {
  readonly transaction: string
  readonly reason: string
}

/** What was paid, the last first; a refund of each can be asked for. */
export function billList(bills: readonly Bill[], path: string, refused?: RefusedReason): Html {
  if (bills.length === 0) return html`<p class="hint">Nothing has been paid yet.</p>`
  return html`<ul class="bills">${bills.map((bill) => billItem(bill, path, refused))}</ul>`
}

function billItem({ payment, refund }: Bill, path: string, refused?: RefusedReason): Html {
  const paid = coin(payment.currencyId)
  return html`<li class="bill">
    <p class="bill-line"><time datetime="${payment.createdAt}">${dayText(payment.createdAt)}</time> <strong>${usd(payment.amount)}</strong></p>
    <p class="hint">${shownAmount(coinAmount(payment.amountMinUnits, paid))} ${paid.symbol} on ${paid.chain.name}</p>
    ${refund ? html`<p class="hint">${REFUND_NEWS[refund.status]}${refund.merchantMessage ? `: ${refund.merchantMessage}` : ''}</p>` : NOTHING}
    ${mayAsk(refund) ? refundForm(payment.uuid, path, refused?.transaction === payment.uuid ? refused.reason : undefined) : NOTHING}
  </li>`
}

function mayAsk(refund: Refund | undefined): boolean {
  return refund === undefined || refund.status === 'refused' || refund.status === 'failed'
}

/** @param refused the reason that was typed before, and could not be taken */
function refundForm(uuid: string, path: string, refused?: string): Html {
  const isRefused = refused !== undefined
  return html`<details class="ask"${isRefused ? html` open` : NOTHING}><summary>Ask for a refund</summary>
    <form method="post" action="${path}/refund" class="field" novalidate>
      <input type="hidden" name="transaction" value="${uuid}">
      <label for="reason-${uuid}">What is the reason?</label>
      <textarea id="reason-${uuid}" name="reason" required rows="3" aria-describedby="reason-${uuid}-hint"${
        isRefused ? html` aria-invalid="true" autofocus` : NOTHING
      }>
${refused ?? ''}</textarea>
      <p class="${isRefused ? 'error' : 'hint'}" id="reason-${uuid}-hint">${reasonHint(refused)}</p>
      <button class="button small" type="submit">Send the request</button>
    </form></details>`
}

function reasonHint(refused: string | undefined): string {
  const length = [...(refused ?? '')].length
  if (refused === undefined || length === 0) return 'Write up to 500 characters.'
  return `Write up to 500 characters. These are ${length}.`
}

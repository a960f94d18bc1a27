import { type Html, html, NOTHING } from '../../pages/html.ts'
import { coin } from '../currencies.ts'
import type { Payment } from '../documents.ts'
import type { Refund } from '../refunds/documents.ts'
import { coinAmount } from './amounts.ts'
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

/** What was paid, the last first; a refund of each can be asked for. */
export function billList(bills: readonly Bill[], path: string): Html {
  if (bills.length === 0) return html`<p class="hint">Nothing has been paid yet.</p>`
  return html`<ul class="bills">${bills.map((bill) => billItem(bill, path))}</ul>`
}

function billItem({ payment, refund }: Bill, path: string): Html {
  const paid = coin(payment.currencyId)
  return html`<li class="bill">
    <p class="bill-line"><time datetime="${payment.createdAt}">${dayText(payment.createdAt)}</time> <strong>${usd(payment.amount)}</strong></p>
    <p class="hint">${coinAmount(payment.amountMinUnits, paid)} ${paid.symbol} on ${paid.chain.name}</p>
    ${refund ? html`<p class="hint">${REFUND_NEWS[refund.status]}${refund.merchantMessage ? `: ${refund.merchantMessage}` : ''}</p>` : NOTHING}
    ${mayAsk(refund) ? refundForm(payment.uuid, path) : NOTHING}
  </li>`
}

function mayAsk(refund: Refund | undefined): boolean {
  return refund === undefined || refund.status === 'refused' || refund.status === 'failed'
}

function refundForm(uuid: string, path: string): Html {
  return html`<details class="ask"><summary>Ask for a refund</summary>
    <form method="post" action="${path}/refund" class="field">
      <input type="hidden" name="transaction" value="${uuid}">
      <label for="reason-${uuid}">What is the reason?</label>
      <textarea id="reason-${uuid}" name="reason" required maxlength="500" rows="3"></textarea>
      <button class="button small" type="submit">Send the request</button>
    </form></details>`
}

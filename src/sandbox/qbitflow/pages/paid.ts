import { type Html, html, NOTHING } from '../../pages/html.ts'
import { type Bill, billList, type RefusedReason } from './bills.ts'
import { momentText } from './dates.ts'
import { summary } from './summary.ts'

/** A payment that was made once, and what its customer can still do about it. */
export function paidPage({
  bill,
  path,
  complaint,
  refused,
}: {
  bill: Bill
  path: string
  complaint?: string | undefined
  refused?: RefusedReason | undefined
}): Html {
  const { payment } = bill
  const offer = {
    kind: 'payment',
    productName: payment.name,
    description: payment.description,
    price: payment.amount,
  } as const
  return html`${summary(offer, 'Your payment')}
<section class="panel">
  <h1>Your payment</h1>
  ${complaint ? html`<p class="notice bad" role="alert">${complaint}</p>` : NOTHING}
  <dl class="receipt">
    <div><dt>When</dt><dd><time datetime="${payment.createdAt}">${momentText(payment.createdAt)}</time></dd></div>
    <div><dt>From</dt><dd><code>${payment.from}</code></dd></div>
    <div><dt>To</dt><dd><code>${payment.to}</code></dd></div>
    <div><dt>Transaction</dt><dd><code>${payment.transactionHash}</code></dd></div>
  </dl>
  <h2 class="section">What you paid</h2>
  ${billList([bill], path, refused)}
</section>`
}

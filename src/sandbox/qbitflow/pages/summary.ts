import { type Html, html } from '../../pages/html.ts'
import type { Session } from '../documents.ts'
import { centsOf } from '../usd.ts'

/** The pages of a checkout, as the customer counts them. */
export const PAGES = ['Details', 'Payment', 'Confirmation'] as const

/** What is bought, and for how much. */
export function summary(session: Session): Html {
  return html`<section class="summary" aria-label="Your order">
  <p class="eyebrow">Your order</p>
  <h2 class="product">${session.productName}</h2>
  <p class="description">${session.description}</p>
  <dl class="total"><dt>Total</dt><dd>${usd(session.price)}</dd></dl>
</section>`
}

/** `$1,234.50` for decimal text in USD. */
export function usd(text: string): string {
  const cents = centsOf(text).toString().padStart(3, '0')
  return `$${groupThousands(cents.slice(0, -2))}.${cents.slice(-2)}`
}

export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

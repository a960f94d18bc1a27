import { type Html, html, NOTHING } from '../../pages/html.ts'
import type { Session } from '../documents.ts'
import { type Duration, durationText, lengthText } from '../subscriptions/duration.ts'
import { centsOf } from '../usd.ts'

/** The pages of a checkout, as the customer counts them. */
export const PAGES = ['Details', 'Payment', 'Confirmation'] as const

/** The same where an allowance is given instead of money. */
export const PLAN_PAGES = ['Details', 'Authorisation', 'Confirmation'] as const

/** What an allowance is, for somebody who has never given one. */
export const ALLOWANCE =
  'An allowance is the most that the shop can take from your wallet in total. Until a payment is due, the money stays in your wallet.'

export function pagesOf({ plan }: Pick<Session, 'plan'>): readonly string[] {
  return plan ? PLAN_PAGES : PAGES
}

type Offer = Pick<Session, 'kind' | 'plan' | 'productName' | 'description' | 'price'>

/** What is bought, and for how much. */
export function summary(offer: Offer, eyebrow = 'Your order'): Html {
  return html`<section class="summary" aria-label="${eyebrow}">
  <p class="eyebrow">${eyebrow}</p>
  <h2 class="product" dir="auto">${offer.productName}</h2>
  ${description(offer.description)}
  <dl class="total"><dt>${priceLabel(offer)}</dt><dd>${priceText(offer.price)}</dd></dl>
  ${terms(offer)}
</section>`
}

const ORDER_LINE = /^(.+): (−?)(\d{1,40}\.\d{2}) USD$/
const MORE = /^and \d+ more$/

/** A description that is a list of lines with amounts, as a list. Any other is shown as it is. */
function description(text: string): Html {
  const lines = text.split('\n')
  const told = MORE.test(lines.at(-1) ?? '') ? lines.slice(0, -1) : lines
  const parts = told.map((line) => ORDER_LINE.exec(line))
  if (lines.length === 1 || parts.includes(null)) return html`<p class="description" dir="auto">${text}</p>`
  const rows = parts.map((part) => {
    const [, name = '', sign = '', amount = ''] = part ?? []
    return html`<li><span dir="auto">${name}</span> <span class="cost">${sign}${usd(amount)}</span></li>`
  })
  const more = told.length < lines.length ? html`<li>${lines.at(-1)}</li>` : NOTHING
  return html`<ul class="order" aria-label="Items">${rows}${more}</ul>`
}

function priceLabel({ kind, plan }: Offer): string {
  if (!plan) return 'Total'
  return kind === 'payAsYouGo' ? 'Per unit' : `Per ${durationText(plan.frequency)}`
}

function terms({ kind, plan }: Offer): Html {
  if (!plan) return NOTHING
  const every = durationText(plan.frequency)
  const lines = [
    kind === 'payAsYouGo' && `What you use is billed at the end of every ${every}.`,
    plan.freeCredits && `The first ${usd(plan.freeCredits)} of it are free.`,
    plan.trialPeriod && `Begins with a free trial of ${lengthText(plan.trialPeriod)}.`,
    plan.minPeriods && `Runs for at least ${minimumText(plan.frequency, plan.minPeriods)}.`,
  ].filter(Boolean)
  return lines.length > 0 ? html`<ul class="terms">${lines.map((line) => html`<li>${line}</li>`)}</ul>` : NOTHING
}

/** `3 months` where the periods are months, and `3 periods` where they are two weeks. */
function minimumText({ value, unit }: Duration, periods: number): string {
  return value === 1 ? lengthText({ value: periods, unit }) : times(periods, 'period')
}

/** `1 period`, `3 periods`. */
export function times(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `$1,234.50` for decimal text in USD. */
export function usd(text: string): string {
  const cents = centsOf(text).toString().padStart(3, '0')
  return `$${groupThousands(cents.slice(0, -2))}.${cents.slice(-2)}`
}

/** As usd, but with all the digits of a price that is finer than a cent. */
export function priceText(text: string): string {
  return /\.\d{3,}$/.test(text) ? `$${text}` : usd(text)
}

export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

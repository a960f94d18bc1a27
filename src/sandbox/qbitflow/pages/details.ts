import { type Html, html, NOTHING } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import { type Chain, COINS, type Coin } from '../currencies.ts'
import type { Quote, Session } from '../documents.ts'
import { type FieldError, fieldName } from '../errors.ts'
import { DEFAULT_PERIODS, MAX_PERIODS } from '../subscriptions/authorization.ts'
import { durationText } from '../subscriptions/duration.ts'
import type { Plan } from '../subscriptions/plan.ts'
import { coinAmount, rateText, shownAmount } from './amounts.ts'
import { cancellation } from './cancellation.ts'
import { lastAttempt } from './last-attempt.ts'
import { ALLOWANCE, pagesOf, summary } from './summary.ts'

export interface DetailsView {
  readonly session: Session
  /** The shop's name. */
  readonly shop: string
  /** The path of this session's pages. */
  readonly path: string
  /** What the session costs now, per coin. */
  readonly quotes: ReadonlyMap<number, Quote>
  readonly chosen: number
  /** The most that one bill may take unless the customer says otherwise, in USD. */
  readonly maximum: string
  readonly asksCustomer: boolean
  /** What was typed before, by field. */
  readonly values: Readonly<Record<string, string>>
  readonly errors: readonly FieldError[]
}

const CUSTOMER_FIELDS = [
  { key: 'name', field: 'Name', label: 'First name', type: 'text', autocomplete: 'given-name' },
  { key: 'lastName', field: 'LastName', label: 'Last name', type: 'text', autocomplete: 'family-name' },
  { key: 'email', field: 'Email', label: 'E-mail address', type: 'email', autocomplete: 'email' },
] as const

/** The first step: who pays, and in what coin. */
export function detailsPage(view: DetailsView): Html {
  return html`${summary(view.session)}
<section class="panel">
  ${progress(pagesOf(view.session), 0)}
  <h1>${view.session.plan ? 'Set up your subscription' : 'Choose how to pay'}</h1>
  ${view.errors.length > 0 ? NOTHING : lastAttempt(view.session, view.shop)}
  ${view.errors.length > 0 ? html`<p class="notice bad" role="alert">Please check the marked fields.</p>` : NOTHING}
  <form method="post" action="${view.path}" novalidate>
    ${view.asksCustomer ? customerFields(view) : NOTHING}
    <fieldset class="plain"><legend class="legend">Currency</legend>
      ${chains().map((chain) => chainCards(view, chain))}
    </fieldset>
    ${view.session.plan ? allowanceFields(view, view.session.plan) : NOTHING}
    <button class="button primary" type="submit">${view.session.plan ? 'Continue to authorisation' : 'Continue to payment'}</button>
  </form>
  ${cancellation(view)}
</section>`
}

function customerFields({ values, errors }: DetailsView): Html {
  const firstBad = CUSTOMER_FIELDS.find(({ field }) => errors.some((error) => error.field === field))
  return html`<fieldset class="plain"><legend class="legend">Your details</legend><div class="fields">${CUSTOMER_FIELDS.map(
    ({ key, field, label, type, autocomplete }) => {
      const error = errors.find((candidate) => candidate.field === field)
      return html`<div class="field ${key}">
        <label for="${key}">${label}</label>
        <input id="${key}" name="${key}" type="${type}" autocomplete="${autocomplete}" required maxlength="254" value="${values[key] ?? ''}"${
          error ? html` aria-invalid="true" aria-describedby="${key}-error"` : NOTHING
        }${firstBad?.key === key ? html` autofocus` : NOTHING}>
        ${error ? html`<p class="error" id="${key}-error">${complaint(label, error)}</p>` : NOTHING}
      </div>`
    },
  )}</div></fieldset>`
}

/** What the customer allows: for how many periods, and up to how much. */
function allowanceFields({ session, values, errors, maximum }: DetailsView, plan: Plan): Html {
  const every = durationText(plan.frequency)
  const usage = session.kind === 'payAsYouGo'
  return html`<fieldset class="plain"><legend class="legend">Allowance</legend>
    <p class="hint">${ALLOWANCE} ${
      usage
        ? `Enter the most that you want to spend. You pay only for what you use, at the end of every ${every}.`
        : `Enter how many payments to allow in advance. Each payment is taken only when it is due.`
    }</p>
    <div class="fields">
      ${usage ? numberField('maximum', `At most per ${every} (USD)`, values.maximum ?? maximum, errors, { min: '0.01', step: '0.01' }) : NOTHING}
      ${numberField('periods', 'Number of periods', values.periods ?? String(DEFAULT_PERIODS), errors, { min: '1', max: String(MAX_PERIODS), step: '1' })}
    </div></fieldset>`
}

/** A field for a number, with the complaint about what was typed before. */
export function numberField(
  key: string,
  label: string,
  value: string,
  errors: readonly FieldError[],
  { min, max, step }: { min: string; max?: string; step: string },
): Html {
  const error = errors.find(({ field }) => field === fieldName(key))
  return html`<div class="field ${key}">
    <label for="${key}">${label}</label>
    <input id="${key}" name="${key}" type="number" inputmode="decimal" required min="${min}" step="${step}" value="${value}"${
      max ? html` max="${max}"` : NOTHING
    }${error ? html` aria-invalid="true" aria-describedby="${key}-error"` : NOTHING}>
    ${error ? html`<p class="error" id="${key}-error">${max ? `Enter a whole number from ${min} to ${max}.` : 'Enter an amount greater than 0.'}</p>` : NOTHING}
  </div>`
}

/** The server's complaint in words for the customer. */
function complaint(label: string, { message }: FieldError): string {
  if (message.endsWith('is required')) return `Enter your ${label.toLowerCase()}.`
  if (message.endsWith('is too long')) return `Enter a shorter ${label.toLowerCase()}.`
  if (label === 'E-mail address') return 'Enter an e-mail address like ada@example.com.'
  return `Use only letters, digits, spaces and the marks - _ ' .`
}

function chains(): Chain[] {
  return [...new Set(COINS.map((coin) => coin.chain))]
}

function chainCards({ quotes, chosen, session }: DetailsView, chain: Chain): Html {
  const coins = COINS.filter((coin) => coin.chain === chain)
  return html`<div class="chain" role="group" aria-label="On ${chain.name}">
    <p class="chain-name">${chain.name}</p>
    <div class="coins">${coins.map((coin) => coinCard(coin, quotes.get(coin.id), coin.id === chosen, session.kind !== 'payAsYouGo'))}</div>
  </div>`
}

function coinCard(coin: Coin, quote: Quote | undefined, checked: boolean, hasPrice: boolean): Html {
  return html`<label class="coin">
    <input type="radio" name="currencyId" value="${coin.id}"${checked ? html` checked` : NOTHING}>
    ${coinIcon(coin)}
    <span class="coin-name"><strong>${coin.symbol}</strong> <small>${coin.name}</small></span>
    ${
      quote
        ? html`<span class="coin-price">${hasPrice ? html`<span>${shownAmount(coinAmount(quote.amountMinUnits, coin))}</span> ` : NOTHING}<small>1 ${coin.symbol} = ${rateText(quote.rate)}</small></span>`
        : NOTHING
    }
  </label>`
}

const GLYPHS: Readonly<Record<string, string>> = { ETH: 'Ξ', SOL: 'S', USDC: '$', USDT: 'T' }

export function coinIcon(coin: Coin): Html {
  return html`<span class="icon icon-${coin.symbol.toLowerCase()}" aria-hidden="true">${GLYPHS[coin.symbol]}</span>`
}

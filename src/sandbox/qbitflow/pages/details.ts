import { type Html, html, NOTHING } from '../../pages/html.ts'
import { progress } from '../../pages/layout.ts'
import { type Chain, COINS, type Coin } from '../currencies.ts'
import type { Quote, Session } from '../documents.ts'
import type { FieldError } from '../errors.ts'
import { coinAmount, rateText } from './amounts.ts'
import { PAGES, summary } from './summary.ts'

export interface DetailsView {
  readonly session: Session
  /** The path of this session's pages. */
  readonly path: string
  /** What the session costs now, per coin. */
  readonly quotes: ReadonlyMap<number, Quote>
  readonly chosen: number
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
  ${progress(PAGES, 0)}
  <h1>Choose how to pay</h1>
  ${view.errors.length > 0 ? html`<p class="notice bad" role="alert">Please check the marked fields.</p>` : NOTHING}
  <form method="post" action="${view.path}" novalidate>
    ${view.asksCustomer ? customerFields(view) : NOTHING}
    <fieldset class="plain"><legend class="legend">Currency</legend>
      ${chains().map((chain) => chainCards(view, chain))}
    </fieldset>
    <button class="button primary" type="submit">Continue to payment</button>
  </form>
  <form method="post" action="${view.path}/play"><button class="button quiet" name="outcome" value="CANCEL">Cancel and go back</button></form>
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

/** The server's complaint in words for the customer. */
function complaint(label: string, { message }: FieldError): string {
  if (message.endsWith('is required')) return `Enter your ${label.toLowerCase()}.`
  if (message.endsWith('is too long')) return `Enter a shorter ${label.toLowerCase()}.`
  if (label === 'E-mail address') return 'Enter an e-mail address like ada@example.com.'
  return `Use only letters, digits, spaces and - _ ' .`
}

function chains(): Chain[] {
  return [...new Set(COINS.map((coin) => coin.chain))]
}

function chainCards({ quotes, chosen }: DetailsView, chain: Chain): Html {
  const coins = COINS.filter((coin) => coin.chain === chain)
  return html`<div class="chain" role="group" aria-label="On ${chain.name}">
    <p class="chain-name">${chain.name}</p>
    <div class="coins">${coins.map((coin) => coinCard(coin, quotes.get(coin.id), coin.id === chosen))}</div>
  </div>`
}

function coinCard(coin: Coin, quote: Quote | undefined, checked: boolean): Html {
  return html`<label class="coin">
    <input type="radio" name="currencyId" value="${coin.id}"${checked ? html` checked` : NOTHING}>
    ${coinIcon(coin)}
    <span class="coin-name"><strong>${coin.symbol}</strong> <small>${coin.name}</small></span>
    ${
      quote
        ? html`<span class="coin-price"><span>${coinAmount(quote.amountMinUnits, coin)}</span> <small>1 ${coin.symbol} = ${rateText(quote.rate)}</small></span>`
        : NOTHING
    }
  </label>`
}

const GLYPHS: Readonly<Record<string, string>> = { ETH: 'Ξ', SOL: 'S', USDC: '$', USDT: 'T' }

export function coinIcon(coin: Coin): Html {
  return html`<span class="icon icon-${coin.symbol.toLowerCase()}" aria-hidden="true">${GLYPHS[coin.symbol]}</span>`
}

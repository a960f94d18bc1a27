import { type Html, html, NOTHING } from '../../pages/html.ts'
import type { OpenedClaim } from '../claims/claim.ts'
import type { FieldError } from '../errors.ts'

export interface ClaimView {
  readonly opened: OpenedClaim
  readonly path: string
  readonly wallet: string
  readonly errors: readonly FieldError[]
}

const FIELDS = [
  { key: 'password', field: 'Password', label: 'Choose a password', type: 'password', autocomplete: 'new-password' },
  { key: 'wallet', field: 'Wallet', label: 'Your wallet address', type: 'text', autocomplete: 'off' },
] as const

const COMPLAINTS: Readonly<Record<string, string>> = {
  Password: 'Choose a password of 8 to 128 characters.',
  Wallet: 'Enter an address on Ethereum, Base or Solana.',
}

/** Where somebody who was invited takes their account over. */
export function claimPage({ opened, path, wallet, errors }: ClaimView): Html {
  return html`${invitation(opened)}
<section class="panel">
  <h1>Claim your account</h1>
  ${errors.length > 0 ? html`<p class="notice bad" role="alert">Please check the marked fields.</p>` : NOTHING}
  <form method="post" action="${path}" novalidate>
    <fieldset class="plain"><legend class="legend">Your sign-in and your wallet</legend><div class="fields">
      ${FIELDS.map((input) => field(input, input.key === 'wallet' ? wallet : '', errors))}
    </div></fieldset>
    <button class="button primary" type="submit">Claim my account</button>
  </form>
</section>`
}

function field(
  { key, field, label, type, autocomplete }: (typeof FIELDS)[number],
  value: string,
  errors: readonly FieldError[],
): Html {
  const isBad = errors.some((error) => error.field === field)
  const isFirstBad = errors[0]?.field === field
  return html`<div class="field email">
    <label for="${key}">${label}</label>
    <input id="${key}" name="${key}" type="${type}" autocomplete="${autocomplete}" required maxlength="128" value="${value}"${
      isBad ? html` aria-invalid="true" aria-describedby="${key}-error"` : NOTHING
    }${isFirstBad ? html` autofocus` : NOTHING}>
    ${isBad ? html`<p class="error" id="${key}-error">${COMPLAINTS[field]}</p>` : NOTHING}
  </div>`
}

export function claimedPage(opened: OpenedClaim): Html {
  return html`${invitation(opened)}
<section class="panel result">
  <span class="seal good" aria-hidden="true"></span>
  <h1>The account is yours</h1>
  <p>${opened.organization.name} will send what you have earned so far to your wallet. From here on you are paid directly.</p>
</section>`
}

export function unknownClaimPage(): Html {
  return html`<section class="panel result">
  <span class="seal over" aria-hidden="true"></span>
  <h1>There is no invitation here</h1>
  <p>The link is wrong or incomplete. Check it, or ask whoever sent it for a new one.</p>
</section>`
}

function invitation({ user, organization }: OpenedClaim): Html {
  return html`<section class="summary" aria-label="Your account">
  <p class="eyebrow">${user.claimedAt ? 'Your account' : 'Your invitation'}</p>
  <h2 class="product">${user.name} ${user.lastName}</h2>
  <p class="description">${user.email}</p>
  ${user.claimedAt ? NOTHING : html`<p class="description">You sell with ${organization.name}, which holds what you earn until you claim your account.</p>`}
</section>`
}

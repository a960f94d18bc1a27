import { type Html, html, NOTHING } from '../../pages/html.ts'
import type { OpenedClaim } from '../claims/claim.ts'

export interface ClaimView {
  readonly opened: OpenedClaim
  readonly path: string
  /** What was entered before. */
  readonly wallet: string
  /** Whether that was refused. */
  readonly isRefused: boolean
}

/** Where somebody who was invited takes their account over. */
export function claimPage({ opened, path, wallet, isRefused }: ClaimView): Html {
  const { name } = opened.organization
  return html`${invitation(opened)}
<section class="panel">
  <h1>Claim your account</h1>
  ${isRefused ? html`<p class="notice bad" role="alert">Please check the wallet address.</p>` : NOTHING}
  <p class="explanation">Enter the address of the wallet to which ${name} pays what you earn. You can do this only once.</p>
  <form method="post" action="${path}" novalidate>
    <div class="field lone">
      <label for="wallet">Your wallet address</label>
      <input id="wallet" name="wallet" autocomplete="off" autocapitalize="none" spellcheck="false" required maxlength="128" value="${wallet}" aria-describedby="wallet-hint"${
        isRefused ? html` aria-invalid="true" autofocus` : NOTHING
      }>
      <p class="${isRefused ? 'error' : 'hint'}" id="wallet-hint">${isRefused ? 'Enter an address on Ethereum, Base or Solana.' : 'An address on Ethereum, Base or Solana. Check it carefully.'}</p>
    </div>
    <button class="button primary" type="submit">Claim my account</button>
  </form>
  <p class="explanation after">After this, ${name} sends what you have earned so far to your wallet. What you sell later is paid to it directly.</p>
</section>`
}

export function claimedPage(opened: OpenedClaim): Html {
  return html`${invitation(opened)}
<section class="panel result">
  <span class="seal good" aria-hidden="true"></span>
  <h1>The account is yours</h1>
  <p>${opened.organization.name} sends what you have earned so far to your wallet. What you sell from now on is paid to it directly. You do not need to do anything else.</p>
</section>`
}

export function unknownClaimPage(): Html {
  return html`<section class="panel result">
  <span class="seal over" aria-hidden="true"></span>
  <h1>This link leads to no invitation</h1>
  <p>The link is wrong or incomplete. Check the link, or ask the sender for a new one.</p>
</section>`
}

function invitation({ user, organization }: OpenedClaim): Html {
  return html`<section class="summary" aria-label="Your account">
  <p class="eyebrow">${user.claimedAt ? 'Your account' : 'Your invitation'}</p>
  <h2 class="product">${user.name} ${user.lastName}</h2>
  <p class="description">${user.email}</p>
  ${user.claimedAt ? NOTHING : html`<p class="description">You sell with ${organization.name}. It keeps what you earn for you until you claim your account.</p>`}
</section>`
}

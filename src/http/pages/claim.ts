import { html } from 'hono/html'
import { type Html, layout } from './layout.ts'

/** The page on which somebody who was invited takes their account over. */

export interface Invitation {
  readonly user: {
    readonly name: string
    readonly lastName: string
    readonly email: string
    readonly claimedAt: Date | null
    readonly payoutAddress: string | null
  }
  readonly organization: string
}

const NOTHING = html``

/** @param refused what was entered before, and is no address */
export function claimPage(invitation: Invitation, refused?: string): Html {
  const { organization } = invitation
  const isRefused = refused !== undefined
  const content = html`${summary(invitation)}
<section class="panel">
  <h1>Claim your account</h1>
  <p class="text">Enter the address of the wallet to which ${organization} pays what you earn. You can do this only once. If the address changes later, tell ${organization}.</p>
  ${isRefused ? html`<p class="notice" role="alert">Please check the wallet address.</p>` : NOTHING}
  <form method="post" novalidate>
    <div class="field">
      <label for="payoutAddress">Your wallet address</label>
      <input id="payoutAddress" name="payoutAddress" autocomplete="off" autocapitalize="none" required maxlength="128" spellcheck="false" value="${refused ?? ''}" aria-describedby="payoutAddress-hint"${
        isRefused ? html` aria-invalid="true" autofocus` : NOTHING
      }>
      <p class="${isRefused ? 'error' : 'hint'}" id="payoutAddress-hint">${
        isRefused
          ? 'Enter an address on Ethereum, Base or Solana.'
          : 'An address on Ethereum, Base or Solana. Check it carefully: money that is sent to a wrong address is lost.'
      }</p>
    </div>
    <button class="button" type="submit">Claim my account</button>
  </form>
  ${nextSteps(organization)}
</section>`
  return layout(isRefused ? 'Please check the wallet address' : 'Claim your account', organization, content)
}

function nextSteps(organization: string): Html {
  return html`<h2 class="section">What happens next</h2>
  <ol class="text">
    <li>Within an hour, what you have earned so far is added up.</li>
    <li>${organization} pays it to your wallet.</li>
    <li>What you earn later is added up every hour and paid in the same way.</li>
  </ol>`
}

export function claimedPage(invitation: Invitation): Html {
  const { organization } = invitation
  const { payoutAddress } = invitation.user
  const content = html`${summary(invitation)}
<section class="panel">
  <p class="seal" aria-hidden="true">✓</p>
  <h1>The account is yours</h1>
  <p class="text">What you earn is added up every hour. ${organization} pays it to your wallet${
    payoutAddress ? html`, ${shortened(payoutAddress)}` : NOTHING
  }.</p>
  <p class="text">You do not need to do anything else. If the address is wrong, tell ${organization} at once.</p>
</section>`
  return layout('Your account', organization, content)
}

export function unknownClaimPage(): Html {
  const content = html`<section class="panel">
  <p class="seal over" aria-hidden="true">!</p>
  <h1>This link leads to no invitation</h1>
  <p class="text">The link is wrong or incomplete. Check the link, or ask the sender for a new one.</p>
</section>`
  return layout('Wrong link', undefined, content)
}

function summary({ user, organization }: Invitation): Html {
  return html`<section class="summary" aria-label="Your account">
  <p class="eyebrow">${user.claimedAt ? 'Your account' : 'Your invitation'}</p>
  <h2 dir="auto">${user.name} ${user.lastName}</h2>
  <p class="description">${user.email}</p>
  ${user.claimedAt ? NOTHING : html`<p class="description">You sell with ${organization}. It keeps what you earn for you until you claim your account.</p>`}
</section>`
}

/** Enough of an address to know it by, in a page that anybody with the link may open. */
function shortened(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}

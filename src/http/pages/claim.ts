import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, raw } from 'hono/html'
import type { Problem } from '../../kernel/errors.ts'

/** The page on which somebody who was invited takes their account over. It loads nothing and runs no script. */

type Html = ReturnType<typeof html>

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

const STYLE = readFileSync(new URL('./claim.css', import.meta.url), 'utf8')
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export const CLAIM_HEADERS = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  // The address itself is what opens the account.
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

const NOTHING = html``

const FIELDS = [
  {
    name: 'password',
    label: 'Choose a password',
    type: 'password',
    autocomplete: 'new-password',
    hint: '8 to 128 characters. It is kept for you; there is no sign-in to use it with yet.',
  },
  {
    name: 'payoutAddress',
    label: 'Your wallet address',
    type: 'text',
    autocomplete: 'off',
    hint: 'On Ethereum, Base or Solana. What you earn is paid to it, so check it carefully.',
  },
] as const

export function claimPage(
  invitation: Invitation,
  payoutAddress: string,
  problems: readonly Problem[],
): Html | Promise<Html> {
  const content = html`${summary(invitation)}
<section class="panel">
  <h1>Claim your account</h1>
  ${problems.length > 0 ? html`<p class="notice" role="alert">Please check the marked fields.</p>` : NOTHING}
  <form method="post" novalidate>
    ${FIELDS.map((field) => input(field, field.name === 'payoutAddress' ? payoutAddress : '', problems))}
    <button class="button" type="submit">Claim my account</button>
  </form>
</section>`
  return layout(problems.length > 0 ? 'Please check your entries' : 'Claim your account', invitation, content)
}

function input(field: (typeof FIELDS)[number], value: string, problems: readonly Problem[]): Html | Promise<Html> {
  const { name, label, type, autocomplete, hint } = field
  const problem = problems.find((each) => each.field?.[0] === name)
  const isFirst = problem !== undefined && problem === problems[0]
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required maxlength="128" spellcheck="false" value="${value}" aria-describedby="${name}-hint"${
      problem ? html` aria-invalid="true"` : NOTHING
    }${isFirst ? html` autofocus` : NOTHING}>
    <p class="${problem ? 'error' : 'hint'}" id="${name}-hint">${problem ? `It ${problem.message}.` : hint}</p>
  </div>`
}

export function claimedPage(invitation: Invitation): Html | Promise<Html> {
  const { payoutAddress } = invitation.user
  const content = html`${summary(invitation)}
<section class="panel">
  <p class="seal" aria-hidden="true">✓</p>
  <h1>The account is yours</h1>
  <p class="description">${invitation.organization} will send what you have earned to your wallet${
    payoutAddress ? html`, ${shortened(payoutAddress)}` : NOTHING
  }.</p>
</section>`
  return layout('Your account', invitation, content)
}

export function unknownClaimPage(): Html | Promise<Html> {
  const content = html`<section class="panel">
  <p class="seal over" aria-hidden="true">!</p>
  <h1>There is no invitation here</h1>
  <p class="description">The link is wrong or incomplete. Check it, or ask whoever sent it for a new one.</p>
</section>`
  return layout('No invitation', undefined, content)
}

function summary({ user, organization }: Invitation): Html | Promise<Html> {
  return html`<section class="summary" aria-label="Your account">
  <p class="eyebrow">${user.claimedAt ? 'Your account' : 'Your invitation'}</p>
  <h2>${user.name} ${user.lastName}</h2>
  <p class="description">${user.email}</p>
  ${user.claimedAt ? NOTHING : html`<p class="description">You sell with ${organization}, which holds what you earn until you claim your account.</p>`}
</section>`
}

/** Enough of an address to know it by, in a page that anybody with the link may open. */
function shortened(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}

function layout(title: string, invitation: Invitation | undefined, content: unknown): Html | Promise<Html> {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}${invitation ? ` · ${invitation.organization}` : ''}</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
<header class="top">${invitation?.organization ?? 'Invitation'}</header>
<main class="card">${content}</main>
</body>
</html>`
}

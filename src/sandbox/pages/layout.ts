import { type Html, html, NOTHING } from './html.ts'

/** What the frame around every page needs to know. */
export interface Frame {
  /** The path that the server is mounted at. */
  readonly base: string
  readonly stylesheet: string
  readonly script: string
  /** The text at the foot of every page. */
  readonly foot: string
}

export interface Page {
  readonly title: string
  /** The shop's name; absent on pages that belong to no shop. */
  readonly shop?: string
  readonly content: Html
  /** Further elements of the head. */
  readonly head?: Html
}

export function layout(frame: Frame, { title, shop, content, head = NOTHING }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}${shop ? ` · ${shop}` : ''}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${frame.base}/assets/${frame.stylesheet}">
<script src="${frame.base}/assets/${frame.script}" defer></script>
${head}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  ${shop ? html`<p class="shop"><span class="monogram" aria-hidden="true">${initial(shop)}</span>${shop}</p>` : html`<p class="shop">Checkout</p>`}
  <p class="badge">Test mode</p>
</header>
<main id="main" class="card">${content}</main>
<footer class="foot">${frame.foot}</footer>
</body>
</html>`
}

/** Where the customer is on the way through the pages. */
export function progress(steps: readonly string[], current: number): Html {
  return html`<ol class="progress" aria-label="Progress">${steps.map((name, index) => {
    const place = index < current ? 'past' : index === current ? 'now' : 'next'
    const finished = index < current ? html`<span class="hidden"> (finished)</span>` : NOTHING
    return html`<li class="${place}"${index === current ? html` aria-current="step"` : NOTHING}>${name}${finished}</li>`
  })}</ol>`
}

function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? ''
}

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, raw } from 'hono/html'

/** Text that is safe to put into a page; everything interpolated into `html` is escaped. */
export type Html = ReturnType<typeof html>

const STYLE = readFileSync(new URL('./page.css', import.meta.url), 'utf8')
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** The pages load nothing and run no script. */
export const PAGE_HEADERS = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  // An address may be what opens the page.
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/** @param owner who speaks on the page: the organization, where it is known */
export function layout(title: string, owner: string | undefined, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}${owner ? ` · ${owner}` : ''}</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
${owner ? html`<header class="top">${owner}</header>` : ''}
<main class="card">${content}</main>
</body>
</html>`
}

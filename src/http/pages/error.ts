import { html } from 'hono/html'
import { layout } from './layout.ts'

const HEADINGS: Readonly<Record<number, string>> = {
  404: 'Page not found',
  500: 'Something went wrong',
  503: 'Not available at the moment',
}

/** What a browser shows instead of the JSON of a refusal. */
export function errorPage(status: number, message: string, requestId: string): string {
  const heading = HEADINGS[status] ?? 'This request was refused'
  const content = html`<section class="panel">
  <p class="seal over" aria-hidden="true">!</p>
  <h1>${heading}</h1>
  <p class="description">${message}${status === 503 ? ' Wait a minute, then try again.' : ''}</p>
  ${status >= 500 ? html`<p class="description">If you ask for help, give this number: ${requestId}</p>` : ''}
</section>`
  // Nothing in the page is still to be waited for, so that this is its text.
  return String(layout(heading, undefined, content))
}

/** Whether the answer is shown to a person: only browsers that open an address ask for HTML. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') ?? false
}

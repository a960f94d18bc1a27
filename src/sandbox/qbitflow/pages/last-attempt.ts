import { type Html, html, NOTHING } from '../../pages/html.ts'
import type { Session } from '../documents.ts'
import { explanationsOf, headlinesOf } from './endings.ts'

/** What became of the last attempt, on the pages on which the customer can try again. */
export function lastAttempt(session: Session, shop: string): Html {
  if (session.history.at(-1)?.status !== 'failed') return NOTHING
  const { failed } = explanationsOf(session, shop)
  return html`<p class="notice bad" role="status"><strong>${headlinesOf(session).failed}.</strong> ${failed}</p>`
}

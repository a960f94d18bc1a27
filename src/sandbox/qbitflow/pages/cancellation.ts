import { type Html, html } from '../../pages/html.ts'
import type { Session } from '../documents.ts'

/**
 * Asks before a checkout is cancelled. It is asked on the page itself, by the browser alone, so that what is typed there
 * stays whatever the answer.
 */
export function cancellation({ session, path }: { session: Session; path: string }): Html {
  const what = session.plan ? 'subscription' : 'payment'
  const done = session.plan ? 'Nothing has been set up' : 'Nothing has been paid'
  return html`<button class="button quiet" type="button" popovertarget="cancellation">Cancel this ${what}</button>
  <div class="question" id="cancellation" popover role="dialog" aria-labelledby="cancellation-title">
    <h2 id="cancellation-title">Cancel this ${what}?</h2>
    <p>${done} yet. If you cancel, this link no longer works.</p>
    <form method="post" action="${path}/play"><button class="button primary" name="outcome" value="CANCEL">Yes, cancel the ${what}</button></form>
    <button class="button quiet" type="button" popovertarget="cancellation" popovertargetaction="hide">No, go back</button>
  </div>`
}

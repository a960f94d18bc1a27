import { unavailable } from '../../../kernel/unavailable.ts'
import { html } from '../../pages/html.ts'
import type { Page } from '../../pages/layout.ts'
import { apiErrorFrom } from '../errors.ts'
import { unknownPage } from './result.ts'

export interface ErrorAnswer {
  readonly status: 400 | 404 | 500 | 503
  readonly page: Page
}

/** What a customer reads when a page cannot be shown, or what it sent cannot be taken. */
export function errorAnswer(error: unknown, path: string): ErrorAnswer {
  const known = apiErrorFrom(error)
  if (known?.status === 404) return { status: 404, page: { title: 'Wrong link', content: unknownPage(path) } }
  if (known) {
    return answer(400, 'This could not be done', 'The page sent something that cannot be used. Go back and try again.')
  }
  return unavailable(error)
    ? answer(503, 'Not available at the moment', 'Wait a minute, then reload this page.')
    : answer(500, 'Something went wrong', 'The page cannot be shown. Wait a minute, then reload it.')
}

function answer(status: ErrorAnswer['status'], heading: string, text: string): ErrorAnswer {
  const content = html`<section class="panel result">
  <span class="seal over" aria-hidden="true"></span>
  <h1>${heading}</h1>
  <p>${text}</p>
</section>`
  return { status, page: { title: heading, content } }
}

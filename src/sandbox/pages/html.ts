import { html } from 'hono/html'

/** Text that is safe to put into a page; everything interpolated into `html` is escaped. */
export type Html = ReturnType<typeof html>

export { html }

export const NOTHING: Html = html``

import type { Context as HttpContext } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { basePath } from '../../context.ts'
import { readAsset, securityHeaders } from '../../pages/assets.ts'
import { type Frame, layout, type Page } from '../../pages/layout.ts'
import type { Context } from '../context.ts'

const file = (path: string) => new URL(path, import.meta.url)
const STYLESHEET = readAsset(
  'checkout.css',
  file('../../pages/frame.css'),
  file('../../pages/controls.css'),
  file('../../pages/endings.css'),
  file('../assets/coins.css'),
  file('../assets/subscriptions.css'),
)
const SCRIPT = readAsset('checkout.js', file('../assets/checkout.js'))
const FOOT = 'This is a simulation of QBitFlow. No real money is used.'

export const ASSETS = [STYLESHEET, SCRIPT]

/** What the routes of all pages work with. */
export interface Site {
  readonly context: Context
  /** The path that the server is mounted at. */
  readonly base: string
  /** Answers with a page in the frame that all of them have. */
  show(c: HttpContext, page: Page, status?: ContentfulStatusCode): Promise<Response>
}

export function siteOf(context: Context): Site {
  const base = basePath(context)
  const frame: Frame = { base, stylesheet: STYLESHEET.name, script: SCRIPT.name, foot: FOOT }
  const headers = securityHeaders(new URL(context.publicUrl).origin.replace(/^http/, 'ws'))
  return {
    context,
    base,
    show: async (c, page, status = 200) => c.html(await layout(frame, page), status, headers),
  }
}

/** What a form was sent with, by the names of its fields. */
export type Form = Readonly<Record<string, string>>

export async function formOf(c: HttpContext): Promise<Form> {
  return Object.fromEntries(new URLSearchParams(await c.req.text()))
}

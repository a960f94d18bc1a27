import type { Context, Hono } from 'hono'
import { DomainError } from '../kernel/errors.ts'
import { claimedPage, claimPage, type Invitation, unknownClaimPage } from './pages/claim.ts'
import { PAGE_HEADERS } from './pages/layout.ts'
import { bodyWithin, type Env } from './rest.ts'

export interface Claims {
  /** Undefined when no invitation has this token. */
  open(token: string): Promise<Invitation | undefined>
  /** @throws DomainError for a bad address, or when it is claimed already */
  claim(token: string, form: unknown): Promise<void>
}

const MAX_FORM_BYTES = 16 * 1024

/** `GET` and `POST /claim/<token>`: whoever has the link may claim the account, once. */
export function addClaimPage(router: Hono<Env>, claims: Claims): void {
  router.get('/claim/:token', async (c) => {
    const invitation = await claims.open(c.req.param('token'))
    if (!invitation) return show(c, unknownClaimPage(), 404)
    return show(c, invitation.user.claimedAt ? claimedPage(invitation) : claimPage(invitation))
  })

  router.post('/claim/:token', async (c) => {
    const body = await bodyWithin(c, MAX_FORM_BYTES, 'A form')
    if (body instanceof Response) return body
    const token = c.req.param('token')
    const invitation = await claims.open(token)
    if (!invitation) return show(c, unknownClaimPage(), 404)
    const form = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
    try {
      await claims.claim(token, form)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const isRefused = error.problems.some(({ field = [] }) => field.length > 0)
      if (isRefused) return show(c, claimPage(invitation, form.payoutAddress ?? ''), 422)
    }
    // The same address shows what came of it, whoever claimed it first.
    return c.redirect(token, 303)
  })
}

async function show(c: Context<Env>, page: ReturnType<typeof claimPage>, status: 200 | 404 | 422 = 200) {
  return c.html(await page, status, PAGE_HEADERS)
}

import { Hono, type Context as HttpContext } from 'hono'
import { basePath } from '../../context.ts'
import type { Page } from '../../pages/layout.ts'
import { claim, type OpenedClaim, openClaim } from '../claims/claim.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { claimedPage, claimPage, unknownClaimPage } from './claim.ts'

type Show = (c: HttpContext, page: Page, status?: 200 | 404 | 422) => Promise<Response>

/** The page of an invitation: whoever has the link may claim the account. */
export function claimPageRoutes(context: Context, show: Show): Hono {
  const app = new Hono({ strict: false })

  app.get('/claim/:uuid', async (c) => {
    const opened = await openClaim(context, c.req.param('uuid'))
    return opened.user.claimedAt ? showClaimed(c, opened) : showForm(c, opened)
  })

  app.post('/claim/:uuid', async (c) => {
    const opened = await openClaim(context, c.req.param('uuid'))
    const form = Object.fromEntries(new URLSearchParams(await c.req.text()))
    try {
      await claim(context, opened, form)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.errors.length > 0) return showForm(c, opened, form.wallet ?? '')
      if (error.status !== 409) throw error
    }
    return c.redirect(pathOf(opened), 303)
  })

  app.onError((error, c) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
    return show(c, { title: 'Wrong link', content: unknownClaimPage() }, 404)
  })

  const pathOf = ({ request }: OpenedClaim) => `${basePath(context)}/claim/${request.uuid}`

  /** @param refused what was entered before, and is wrong */
  function showForm(c: HttpContext, opened: OpenedClaim, refused?: string) {
    const isRefused = refused !== undefined
    const content = claimPage({ opened, path: pathOf(opened), wallet: refused ?? '', isRefused })
    const title = isRefused ? 'Please check the wallet address' : 'Claim your account'
    return show(c, { title, shop: opened.organization.name, content }, isRefused ? 422 : 200)
  }

  function showClaimed(c: HttpContext, opened: OpenedClaim) {
    return show(c, { title: 'Your account', shop: opened.organization.name, content: claimedPage(opened) })
  }

  return app
}

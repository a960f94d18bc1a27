import { Hono, type Context as HttpContext } from 'hono'
import { claim, type OpenedClaim, openClaim } from '../claims/claim.ts'
import { ApiError } from '../errors.ts'
import { claimedPage, claimPage, unknownClaimPage } from './claim.ts'
import { formOf, type Site } from './site.ts'

/** The page of an invitation: whoever has the link may claim the account. */
export function claimPageRoutes(site: Site): Hono {
  const app = new Hono({ strict: false })
  const open = (uuid: string) => openClaim(site.context, uuid)
  app.get('/claim/:uuid', async (c) => showClaim(site, c, await open(c.req.param('uuid'))))
  app.post('/claim/:uuid', async (c) => takeClaim(site, c, await open(c.req.param('uuid'))))
  app.onError((error, c) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
    return site.show(c, { title: 'Wrong link', content: unknownClaimPage() }, 404)
  })
  return app
}

function showClaim(site: Site, c: HttpContext, opened: OpenedClaim): Promise<Response> {
  if (!opened.user.claimedAt) return showForm(site, c, opened)
  return site.show(c, { title: 'Your account', shop: opened.organization.name, content: claimedPage(opened) })
}

async function takeClaim(site: Site, c: HttpContext, opened: OpenedClaim): Promise<Response> {
  const form = await formOf(c)
  try {
    await claim(site.context, opened, form)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.errors.length > 0) return showForm(site, c, opened, form.wallet ?? '')
    if (error.status !== 409) throw error
  }
  return c.redirect(pathOf(site, opened), 303)
}

/** @param refused what was entered before, and is wrong */
function showForm(site: Site, c: HttpContext, opened: OpenedClaim, refused?: string): Promise<Response> {
  const isRefused = refused !== undefined
  const content = claimPage({ opened, path: pathOf(site, opened), wallet: refused ?? '', isRefused })
  const title = isRefused ? 'Please check the wallet address' : 'Claim your account'
  return site.show(c, { title, shop: opened.organization.name, content }, isRefused ? 422 : 200)
}

function pathOf({ base }: Site, { request }: OpenedClaim): string {
  return `${base}/claim/${request.uuid}`
}

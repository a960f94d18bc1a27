import { Hono } from 'hono'
import { wholeBody } from '../../../../src/sandbox/bodies.ts'
import { basePath, type SimulatorContext } from '../../../../src/sandbox/context.ts'
import { CONTROL_PATH } from '../../../../src/sandbox/fault-rules.ts'
import { control } from './control.ts'
import { checkouts, PROVIDER } from './documents.ts'
import { Fields } from './fields.ts'
import { accepted, answerTo, Refusal, refused } from './refusals.ts'
import { SERVICES } from './services.ts'
import { isSame, realmIn, requestSignature, signingKeyOf } from './signature.ts'

/** The whole server: the API under /v1, the page of a checkout, and the control routes beside them. */
export function createApp(context: SimulatorContext): Hono {
  const base = basePath(context)
  const app = new Hono({ strict: false }).basePath(base || '/')
  app.use(wholeBody((_c, _status, message) => refused('BAD_FIELD', message)))

  app.post('/v1/*', async ({ req }) => {
    const path = req.path.slice(`${base}/v1`.length)
    const body = await req.text()
    const realm = callerOf(context, req.raw.headers, path, body)
    const service = Object.hasOwn(SERVICES, path) ? SERVICES[path] : undefined
    if (!service) throw new Refusal('NO_SUCH_SERVICE', 'there is no such service')
    return accepted(await service(context, realm, new Fields(Object.fromEntries(new URLSearchParams(body)))))
  })

  app.all(`${CONTROL_PATH}/*`, async ({ req }) => {
    const path = req.path.slice(base.length)
    const body = await req.text()
    const realm = callerOf(context, req.raw.headers, path, body)
    const route = `${req.method} ${path.slice(CONTROL_PATH.length)}`
    return accepted(await control(context, { realm, route, body, idempotencyKey: req.header('Idempotency-Key') }))
  })

  app.get('/pay/:no', async (c) => {
    const found = await checkouts.findAnywhere(context.pool, PROVIDER, c.req.param('no'))
    if (!found) return c.text('There is no such checkout', 404)
    const { title, amount, state, checkoutNo } = found.document
    return c.text(`${title}: transfer ${amount} yen under the reference ${checkoutNo}. State: ${state}`)
  })

  app.notFound(() => refused('NO_SUCH_SERVICE', 'there is no such service'))
  app.onError((error) => {
    const known = answerTo(error)
    if (known) return known
    context.log.error({ err: error }, 'the simulator failed')
    return refused('SYSTEM_ERROR', 'an internal error has occurred')
  })
  return app
}

/** The realm whose account has signed the request. @throws Refusal */
export function callerOf({ secret }: SimulatorContext, headers: Headers, path: string, body: string): string {
  const realm = realmIn(headers.get('x-merchant') ?? '')
  const expected = realm && requestSignature(signingKeyOf(secret, realm), path, body)
  if (realm && expected && isSame(expected, headers.get('x-signature') ?? '')) return realm
  throw new Refusal('BAD_SIGNATURE', 'the signature does not match')
}

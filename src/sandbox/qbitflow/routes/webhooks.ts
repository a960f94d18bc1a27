import { Hono } from 'hono'
import { parseJson, TooDeep } from '../../../kernel/json.ts'
import { isObject } from '../../fields.ts'
import type { Context } from '../context.ts'
import { badRequest } from '../errors.ts'
import { Fields, parseObject } from '../fields.ts'
import { type Env, requireKey, webhookSecretOf } from '../keys.ts'
import { isSigned } from '../signature.ts'

export function webhookRoutes(context: Context): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  app.use(requireKey(context))

  app.post('/verify', async (c) => {
    const { realm } = c.get('caller')
    const fields = new Fields(parseObject(await c.req.text()))
    const signature = fields.text('receivedSignature', { max: 200 })
    const timestamp = fields.text('receivedTimestamp', { max: 40 })
    if (!fields.has('payload')) fields.reject('payload', 'is required', undefined)
    fields.check()
    const now = context.clock.now()
    if (
      !isSigned(webhookSecretOf(context.secret, realm), timestamp, payloadFrom(fields.value('payload')), signature, now)
    ) {
      throw badRequest('signature mismatch')
    }
    return c.json({ message: 'webhook verified!' })
  })

  return app
}

/** Some clients send the body they received as text, others what they parsed from it. */
function payloadFrom(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload
  try {
    const parsed = parseJson(payload)
    return isObject(parsed) || Array.isArray(parsed) ? parsed : payload
  } catch (error) {
    if (error instanceof TooDeep) throw badRequest(`payload ${error.message}`)
    return payload
  }
}

import { jsonObject } from '../../../../src/sandbox/bodies.ts'
import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import { faultView, MAX_RULES, readFault } from '../../../../src/sandbox/fault-rules.ts'
import { addFault, listFaults, removeFaults } from '../../../../src/sandbox/faults.ts'
import { once } from '../../../../src/sandbox/once.ts'
import { clear } from '../../../../src/sandbox/store.ts'
import { REFUND_ENDS } from './documents.ts'
import { Fields } from './fields.ts'
import { decideRefunds } from './refunds.ts'
import { Refusal } from './refusals.ts'
import { OUTCOMES, play } from './transfers.ts'

/** What no provider offers: playing the customer's part, and breaking things. */

export interface ControlCall {
  readonly realm: string
  /** `METHOD /path` below the control routes. */
  readonly route: string
  readonly body: string
  readonly idempotencyKey: string | undefined
}

const PLAY = /^POST \/checkouts\/([^/]+)\/play$/

export async function control(context: SimulatorContext, call: ControlCall): Promise<unknown> {
  const { realm, route, idempotencyKey } = call
  const body = jsonObject(call.body, (message) => new Refusal('BAD_FIELD', message))
  const [, checkoutNo] = PLAY.exec(route) ?? []
  if (checkoutNo !== undefined) {
    const fields = new Fields(body)
    const outcome = fields.oneOf('outcome', OUTCOMES)
    const payerName = fields.optionalText('payer_name', { max: 100 })
    const payerEmail = fields.optionalText('payer_email', { max: 254 })
    fields.check()
    const wanted = { outcome, payerName, payerEmail }
    await once(context, idempotencyKey, (context) => play(context, realm, checkoutNo, wanted))
    return null
  }
  switch (route) {
    case 'POST /refunds': {
      const fields = new Fields(body)
      const next = fields.oneOf('next', REFUND_ENDS)
      fields.check()
      await decideRefunds(context, realm, next)
      return null
    }
    case 'POST /faults':
      return armFault(context, realm, body)
    case 'GET /faults':
      return (await listFaults(context.world(realm))).map(faultView)
    case 'DELETE /faults':
      await removeFaults(context.world(realm))
      return null
    case 'POST /reset':
      await context.transaction(realm, (world) => clear(world, []))
      return null
    default:
      throw new Refusal('NO_SUCH_SERVICE', 'there is no such service')
  }
}

async function armFault(context: SimulatorContext, realm: string, body: Record<string, unknown>): Promise<object> {
  const read = readFault(body)
  if ('problems' in read) {
    throw new Refusal('BAD_FIELD', read.problems.map(({ key, rule }) => `${key} ${rule}`).join('; '))
  }
  const rule = await addFault(context.world(realm), read.fault)
  if (!rule) throw new Refusal('BAD_FIELD', `at most ${MAX_RULES} faults may be armed`)
  return faultView(rule)
}

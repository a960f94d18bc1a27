import type { SimulatorContext } from '../../../../src/sandbox/context.ts'
import { type DeliveryRules, scheduleDelivery } from '../../../../src/sandbox/deliveries.ts'
import { nextNumber, type Transaction } from '../../../../src/sandbox/store.ts'
import { noticeSignature, signingKeyOf } from './signature.ts'

const MINUTE_MS = 60_000
const TIMEOUT_MS = 5_000

/** Tells the merchant what happened, in one message, where an address was given for it. */
export async function notify(
  context: SimulatorContext,
  world: Transaction,
  url: string | undefined,
  facts: readonly object[],
  at: Date,
): Promise<void> {
  if (!url) return
  const id = `M${await nextNumber(world)}`
  const payload = JSON.stringify({ message_no: id, facts })
  await scheduleDelivery(context, world, { url, id, payload }, id, at)
}

/** Only HTTP 200 with the body RECEIVED counts as received. */
export function deliveryRules({ secret }: SimulatorContext): DeliveryRules {
  return {
    headers(realm, { payload }, isForged) {
      const key = isForged ? 'the key of somebody else' : signingKeyOf(secret, realm)
      return { 'Content-Type': 'application/json', 'X-Notice-Signature': noticeSignature(key, payload) }
    },
    isReceived: async (response) => response.status === 200 && (await response.text()) === 'RECEIVED',
    retryDelaysMs: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS],
    timeoutMs: TIMEOUT_MS,
  }
}

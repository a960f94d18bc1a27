import { createHash, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import { parseJson } from '../../../../src/kernel/json.ts'
import { money } from '../../../../src/kernel/money.ts'
import { ForgedNotification } from '../../../../src/providers/errors.ts'
import type { Fact } from '../../../../src/providers/port/facts.ts'
import type { Notifications, SignedNotification } from '../../../../src/providers/port/notifications.ts'
import type { Connection } from '../../../../src/providers/port/provider.ts'
import * as wire from './wire.ts'

export function notificationsOf({ credentials }: Connection): Notifications {
  const signingKey = credentials.signingKey ?? ''
  function verify({ rawBody, signature }: SignedNotification): void {
    const digest = createHash('sha256').update(rawBody + signingKey)
    const [expected, given] = [Buffer.from(digest.digest('hex').toUpperCase()), Buffer.from(signature)]
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ForgedNotification('the signature does not match')
    }
  }
  return {
    acknowledgement: { status: 200, body: 'RECEIVED' },
    verify,
    prove(headers, rawBody) {
      verify({ rawBody, signature: headers.get('x-notice-signature') ?? '' })
      return wire.Message.pick({ message_no: true }).parse(parseJson(rawBody)).message_no
    },
    read: (rawBody) => wire.Message.parse(parseJson(rawBody)).facts.map(factFrom),
  }
}

/** A step on the way can be taken from the message; the end is read from the provider, with the money. */
function factFrom(told: z.output<typeof wire.Message>['facts'][number]): Fact {
  if (told.about === 'fee') {
    return { noun: 'FEE', proof: true, payment: told.payment_no, fee: money(told.fee, wire.JPY) }
  }
  if (told.about === 'payment') {
    const { payment_no: reference, checkout_no: checkout } = told
    return { noun: 'PAYMENT', proof: false, reference, source: 'ONE_TIME', checkout }
  }
  if (told.about === 'refund') {
    const refund = wire.refundFrom(told)
    if (refund.state === 'PROCESSING') return { noun: 'REFUND', proof: true, refund }
    return { noun: 'REFUND', proof: false, reference: refund.reference }
  }
  const status = wire.statusFrom(told)
  const checkout = told.checkout_no
  if (status?.state === 'WAITING_CONFIRMATION') return { noun: 'CHECKOUT', proof: true, checkout, status }
  return { noun: 'CHECKOUT', proof: false, reference: checkout, ...(status && { status }) }
}

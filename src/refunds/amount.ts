import type { PaymentRow } from '../db/rows.ts'
import { currency } from '../kernel/currency.ts'
import { DomainError, invalidState } from '../kernel/errors.ts'
import { formatDecimal, type Money, money } from '../kernel/money.ts'
import { hasMoney, refundable } from '../payments/payment.ts'

/**
 * How much of a payment goes back: all that is left where nothing is said.
 * @param openMinor what refunds that are not over take of it
 * @throws DomainError INVALID_STATE where nothing is left, CURRENCY_MISMATCH, OUT_OF_RANGE for more than is left
 */
export function amountToRefund(payment: PaymentRow, wanted: Money | undefined, openMinor = 0n): Money {
  const of = currency(payment.currency)
  const field = ['paymentId']
  if (!hasMoney(payment)) throw invalidState(`No money was received for the payment: it is ${payment.status}`, field)
  const unrefunded = refundable(payment)
  if (unrefunded === 0n) throw invalidState('The payment is already refunded in full', field)
  const left = unrefunded - openMinor
  if (left <= 0n) throw invalidState('Refunds that are not completed yet take all that is left of the payment', field)
  if (wanted && wanted.currency.code !== of.code) {
    const message = `must be in ${of.code}, the currency of the payment`
    throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: ['amount', 'currency'] })
  }
  if (wanted && wanted.minor > left) {
    const message = `must be at most ${formatDecimal(left, of.exponent)} ${of.code}, the amount that can still be refunded`
    throw new DomainError({ code: 'OUT_OF_RANGE', message, field: ['amount', 'amount'] })
  }
  return wanted ?? money(left, of)
}

import type { PaymentSource } from '../../db/generated/enums.ts'
import type { Money } from '../../kernel/money.ts'
import type { Faults } from '../faults.ts'
import type { WantedCustomer } from './customers.ts'
import type { Reference } from './facts.ts'
import type { RefundReply } from './refunds.ts'

export type SimulatedOutcome = 'PAY' | 'FAIL' | 'UNDERPAY' | 'OVERPAY' | 'EXPIRE' | 'CANCEL'

export type SimulatedAction = 'TOP_UP' | 'RAISE_MAXIMUM' | 'CONFIRM' | 'CANCEL' | 'DRAIN' | 'CHANGE_PRICE'

/** What they pay with, and who they are where the checkout names nobody. */
type PlayOptions = { currency?: string | undefined; customer?: Omit<WantedCustomer, 'reference'> | undefined }

/**
 * Test mode: doing what the customer would do on the page, and breaking things. What has an act's id is done once under
 * it. What a provider leaves out does not happen there.
 */
export interface Simulation {
  readonly faults: Faults
  play(actId: string, checkout: Reference, outcome: SimulatedOutcome, options: PlayOptions): Promise<void>
  /** Does what the customer would do on the management page, or what happens to their wallet. */
  subscription?(actId: string, subscription: Reference, action: SimulatedAction, amount?: Money): Promise<void>
  /** Asks for a payment's money back. */
  requestRefund?(actId: string, payment: Reference, source: PaymentSource, reason: string): Promise<void>
  /** Answers a refund as the merchant would in the dashboard. */
  answerRefund?(refund: Reference, reply: RefundReply): Promise<void>
}

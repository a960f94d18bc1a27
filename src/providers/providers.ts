import { z } from 'zod'
import { type Provider as ProviderName, Provider as ProviderNames } from '../db/generated/enums.ts'
import type { Adapter } from './adapter.ts'
import { QBITFLOW } from './qbitflow/index.ts'

export interface ProviderRow {
  /** For the readers of the API. */
  readonly description: string
  /** Absent for a provider that is not spoken yet. */
  readonly adapter?: Adapter
}

export type Providers = Readonly<Record<ProviderName, ProviderRow>>

/** Every provider, one row each. */
export const PROVIDERS: Providers = {
  QBITFLOW: { description: 'QBitFlow: hosted crypto checkouts, subscriptions and refunds.', adapter: QBITFLOW },
  QBITPAY: { description: 'QbitPay: charges, market orders, payouts and balances.' },
  QFPAY: { description: 'QFPay: recurring card payments.' },
}

/** A provider's name as input. */
export const providerName = z.enum(ProviderNames)

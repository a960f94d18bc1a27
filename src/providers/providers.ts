import type { ProviderName } from '../kernel/provider-name.ts'
import { createQbitflowSandbox } from '../sandbox/qbitflow/index.ts'
import type { Simulator, SimulatorParts } from '../sandbox/simulator.ts'
import type { Adapter } from './adapter.ts'
import { QBITFLOW } from './qbitflow/index.ts'

export interface ProviderRow {
  /** For the readers of the API. */
  readonly description: string
  /** Absent for a provider that cannot be connected: the schema has its name, and nothing else. */
  readonly adapter?: Adapter
  /** Plays the provider's server in test mode; absent where nobody plays it. */
  readonly openSimulator?: (parts: SimulatorParts) => Simulator
}

export type Providers = Readonly<Record<ProviderName, ProviderRow>>

const NOT_YET = 'This release has no adapter for it: it cannot be connected, and no object has it.'

/** Every provider, one row each. A gateway is started with this list. */
export const PROVIDERS: Providers = {
  QBITFLOW: {
    description: 'QBitFlow: hosted crypto checkouts, subscriptions and refunds.',
    adapter: QBITFLOW,
    openSimulator: createQbitflowSandbox,
  },
  QBITPAY: { description: `QbitPay: charges, market orders, payouts and balances. ${NOT_YET}` },
  QFPAY: { description: `QFPay: recurring card payments. ${NOT_YET}` },
}

import type { ProviderRow } from '../../../src/providers/providers.ts'
import { MADE_UP_ADAPTER } from './adapter/index.ts'
import { createMadeUpSimulator } from './simulator/index.ts'

export const MADE_UP: ProviderRow = {
  description: 'A provider that exists in the tests only: checkouts paid by bank transfer in yen.',
  adapter: MADE_UP_ADAPTER,
  openSimulator: createMadeUpSimulator,
}

import { QBITFLOW_CONTRACT } from '../qbitflow-contract.ts'
import type { ContractProvider } from './provider.ts'

/** Every provider that the contract holds to its promises. */
export const CONTRACT_PROVIDERS: readonly ContractProvider[] = [QBITFLOW_CONTRACT]

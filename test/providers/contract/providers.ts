import { MADE_UP_CONTRACT } from '../made-up/contract.ts'
import { QBITFLOW_CONTRACT } from '../qbitflow-contract.ts'
import type { ContractProvider } from './provider.ts'

/** Every provider that the contract holds to its promises. */
export const CONTRACT_PROVIDERS: readonly ContractProvider[] = [QBITFLOW_CONTRACT, MADE_UP_CONTRACT]

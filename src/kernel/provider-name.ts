import { z } from 'zod'

/** What a provider is called everywhere: its name in the list of providers, in capital letters. */
export type ProviderName = string

/** A provider's name as input. Whether there is such a provider is asked of the list. */
export const providerName = z.string()

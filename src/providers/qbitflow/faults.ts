import { z } from 'zod'
import { FAULT_KINDS, type Faults } from '../faults.ts'
import type { Client } from './client.ts'

const wireFault = z.object({
  id: z.string(),
  kind: z.enum(FAULT_KINDS),
  operation: z.string().optional(),
  times: z.number().optional(),
  probability: z.number().optional(),
  seed: z.string().optional(),
  delayMs: z.number().optional(),
  retryAfter: z.number().optional(),
})

/** What goes wrong at the simulator, over its routes beside the API. */
export function faultsOf({ control }: Client): Faults {
  return {
    list: async () => z.array(wireFault).parse(await control('/faults', undefined, {}, 'GET')),
    async inject(wanted) {
      await control('/faults', wanted)
    },
    async clear() {
      await control('/faults', undefined, {}, 'DELETE')
    },
    async reset() {
      await control('/reset', {})
    },
  }
}

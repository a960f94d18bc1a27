import { z } from 'zod'
import { FAULT_KINDS } from '../../../../src/providers/faults.ts'
import type { Simulation } from '../../../../src/providers/port/simulation.ts'
import type { Client } from './client.ts'

const Fault = z.object({
  id: z.string(),
  kind: z.enum(FAULT_KINDS),
  operation: z.string().optional(),
  times: z.number().optional(),
  probability: z.number().optional(),
  seed: z.string().optional(),
  delayMs: z.number().optional(),
  retryAfter: z.number().optional(),
})

/** Test mode: what the customer would do, and breaking things. */
export function simulationOf({ control }: Client): Simulation {
  return {
    faults: {
      list: () => control(z.array(Fault), 'GET', '/faults'),
      async inject(wanted) {
        await control(Fault, 'POST', '/faults', wanted)
      },
      async clear() {
        await control(z.null(), 'DELETE', '/faults')
      },
      async reset() {
        await control(z.null(), 'POST', '/reset', {})
      },
    },
    async play(actId, checkout, outcome, { customer }) {
      const payer = customer && { payer_name: `${customer.name} ${customer.lastName}`, payer_email: customer.email }
      await control(z.null(), 'POST', `/checkouts/${checkout}/play`, { outcome, ...payer }, actId)
    },
  }
}

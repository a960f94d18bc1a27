import { z } from 'zod'
import { faultShape } from '../../../../src/providers/faults.ts'
import type { Simulation } from '../../../../src/providers/port/simulation.ts'
import type { Client } from './client.ts'

/** Test mode: what the customer would do, and breaking things. */
export function simulationOf({ control }: Client): Simulation {
  return {
    faults: {
      list: () => control(z.array(faultShape), 'GET', '/faults'),
      async inject(wanted) {
        await control(faultShape, 'POST', '/faults', wanted)
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

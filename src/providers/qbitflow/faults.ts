import { z } from 'zod'
import { type Faults, faultShape } from '../faults.ts'
import type { Client } from './client.ts'

/** What goes wrong at the simulator, over its routes beside the API. */
export function faultsOf({ control }: Client): Faults {
  return {
    list: async () => z.array(faultShape).parse(await control('/faults', undefined, {}, 'GET')),
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

import { z } from 'zod'
import type { Adapter } from '../../../../src/providers/adapter.ts'
import { checkoutsOf, statusOf } from './checkouts.ts'
import { clientOf, PROVIDER } from './client.ts'
import { notificationsOf } from './notifications.ts'
import { refundsOf } from './refunds.ts'
import { simulationOf } from './simulation.ts'

/** Credentials: `merchant`, `signingKey`. */
export const MADE_UP_ADAPTER: Adapter = {
  credentials: ['merchant', 'signingKey'],
  baseUrl: 'https://api.made-up.example/v1',
  notes: {},
  connect(connection) {
    const client = clientOf(connection)
    return {
      name: PROVIDER,
      health: {
        async probe() {
          await client.call(z.unknown(), 'read', '/payments/list', { page_size: '1' })
        },
      },
      checkouts: checkoutsOf(client),
      status: statusOf(client),
      refunds: refundsOf(client),
      notifications: notificationsOf(connection),
      simulation: simulationOf(client),
    }
  },
}

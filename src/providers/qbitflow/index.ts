import { z } from 'zod'
import type { Adapter } from '../adapter.ts'
import type { Connection, Provider } from '../port/provider.ts'
import { customersOf, productsOf } from './catalog.ts'
import { checkoutsOf, statusOf } from './checkouts.ts'
import { clientOf, PROVIDER } from './client.ts'
import { NOTES } from './notes.ts'
import { notificationsOf } from './notifications.ts'
import { refundsOf } from './refunds.ts'
import { routesOf } from './routes.ts'
import { simulationOf } from './simulation.ts'
import { subscriptionsOf } from './subscriptions.ts'

/**
 * QBitFlow: hosted checkouts paid in crypto, priced in USD. Credentials: `apiKey`, `webhookSecret`.
 * One file for each thing that it can do.
 */
export function qbitflow(connection: Connection) {
  const client = clientOf(connection)
  return {
    name: PROVIDER,
    health: {
      async probe() {
        await client.call(z.unknown(), 'GET', '/user')
      },
    },
    routes: routesOf(client),
    products: productsOf(client),
    customers: customersOf(client),
    checkouts: checkoutsOf(client),
    status: statusOf(client),
    subscriptions: subscriptionsOf(client),
    refunds: refundsOf(client),
    notifications: notificationsOf(connection),
    simulation: simulationOf(client),
  } satisfies Provider
}

export const QBITFLOW = {
  credentials: ['apiKey', 'webhookSecret'],
  baseUrl: 'https://api.qbitflow.app/v1',
  notes: NOTES,
  connect: qbitflow,
} satisfies Adapter

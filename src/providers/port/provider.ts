import type { WebSocket } from 'ws'
import type { ProviderName } from '../../kernel/provider-name.ts'
import type { Checkouts } from './checkouts.ts'
import type { Customers } from './customers.ts'
import type { Health } from './health.ts'
import type { Notifications } from './notifications.ts'
import type { Products } from './products.ts'
import type { Refunds } from './refunds.ts'
import type { Routes } from './routes.ts'
import type { Simulation } from './simulation.ts'
import type { Status } from './status.ts'
import type { Subscriptions } from './subscriptions.ts'

/**
 * What we ask of any provider, in our words. What a provider can do is what it carries: an absent key is an absent
 * ability. A decline is an outcome; an outage is a ProviderError; a provider's word that we do not know is a bug that
 * shows itself, never a guess.
 */

export interface Capabilities {
  readonly health: Health
  readonly routes: Routes
  readonly products: Products
  readonly customers: Customers
  readonly checkouts: Checkouts
  readonly status: Status
  readonly refunds: Refunds
  readonly subscriptions: Subscriptions
  readonly notifications: Notifications
  readonly simulation: Simulation
}

export type Capability = keyof Capabilities

/** One tenant's connection with a provider. */
export type Provider = { readonly name: ProviderName } & Partial<Capabilities>

/** What an adapter is made of: where its provider answers, and how to reach it. */
export interface Connection {
  readonly baseUrl: string
  readonly credentials: Readonly<Record<string, string>>
  readonly fetch: typeof fetch
  /** Opens a WebSocket at a path below the base URL. */
  readonly openSocket: (path: string, headers: Readonly<Record<string, string>>) => WebSocket
}

import { hkdfSync } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import type { Providers } from '../providers/providers.ts'
import type { Send, Simulator } from '../sandbox/simulator.ts'

interface Parts {
  readonly providers: Providers
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly secretKey: Uint8Array
  readonly publicUrl: string
  readonly log: Logger
  /** Sends the simulators' webhooks. */
  readonly send: Send
}

export type Simulators = ReturnType<typeof openSimulators>

/** The simulator of every provider that has one, below `/sandbox/<provider>`. */
export function openSimulators({ providers, db, clock, clocks, secretKey, publicUrl, log, send }: Parts) {
  const secret = Buffer.from(hkdfSync('sha256', secretKey, '', 'tollgate sandbox', 32)).toString('hex')
  const clockOf = (realm: string) => clocks.now(realm)
  const opened = new Map<ProviderName, Simulator>()
  for (const [name, { openSimulator }] of Object.entries(providers)) {
    const mounted = publicUrl + mountOf(name)
    const parts = { pool: db.pool, secret, publicUrl: mounted, clock, clockOf, fetch: send, log }
    const simulator = openSimulator?.(parts)
    if (simulator) opened.set(name, simulator)
  }
  const all = [...opened.values()]

  return {
    of: (provider: ProviderName): Simulator | undefined => opened.get(provider),

    /** Which providers have one. */
    names: [...opened.keys()],

    /** Each under its name in the path. */
    byPath: Object.fromEntries([...opened].map(([name, simulator]) => [name.toLowerCase(), simulator])),

    /** Answers how much was done at all of them. */
    async runDue(): Promise<number> {
      const done = await Promise.all(all.map((simulator) => simulator.runDue()))
      return done.reduce((sum, count) => sum + count, 0)
    },

    async close(): Promise<void> {
      await Promise.all(all.map((simulator) => simulator.close()))
    },
  }
}

/** Where a provider's simulator is on this gateway. */
export function mountOf(provider: ProviderName): string {
  return `/sandbox/${provider.toLowerCase()}`
}

import type { Database } from '../db/database.ts'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { validate } from '../kernel/validate.ts'
import { actOnce } from './act-once.ts'
import { AtProvider, InjectFault } from './fault.ts'
import type { Fault } from './faults.ts'
import type { Simulation } from './port/simulation.ts'
import type { Registry } from './registry.ts'
import { simulatorOf } from './simulator.ts'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
}

/** Test mode: what goes wrong at a provider because somebody wants to see what happens then. */
export function faultService({ db, clocks, registry }: Deps) {
  return {
    /** Arms a fault, whose id it answers. @throws DomainError UNSUPPORTED where the provider is no simulator */
    async inject(call: Call, input: unknown): Promise<Done> {
      const { provider, ...wanted } = validate(InjectFault, input)
      const { faults } = await simulationOf(registry, call.actor, provider)
      return actOnce(db, call, {
        at: await clocks.now(call.actor),
        subjectId: newId(),
        ask: async ({ subjectId: id }) => void (await faults.inject({ id, ...wanted })),
      })
    },

    /** Disarms everything that is armed at a provider. */
    async clear(call: Call, input: unknown): Promise<Done> {
      const { provider } = validate(AtProvider, input)
      const { faults } = await simulationOf(registry, call.actor, provider)
      return actOnce(db, call, {
        at: await clocks.now(call.actor),
        subjectId: call.actor.tenantId,
        ask: async () => void (await faults.clear()),
      })
    },

    /** What is armed at a provider, the oldest first; nothing where it is no simulator. */
    async list({ tenantId, mode }: Actor, provider: ProviderName): Promise<readonly Fault[]> {
      if (mode !== 'TEST') return []
      const connected = await registry.find(tenantId, provider)
      return (await connected?.simulation?.faults.list()) ?? []
    },
  }
}

/** The simulator of a provider. @throws DomainError UNSUPPORTED where there is none */
export async function simulationOf(registry: Registry, actor: Actor, provider: ProviderName): Promise<Simulation> {
  registry.adapterFor(provider)
  const connected = actor.mode === 'TEST' ? await registry.find(actor.tenantId, provider) : null
  return simulatorOf(provider, connected ?? {}, actor.mode, ['provider'])
}

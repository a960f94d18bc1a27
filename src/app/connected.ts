import { deliverFrom } from '../inbox/simulated.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { capabilityService } from '../providers/capabilities.ts'
import { providerCircuits } from '../providers/circuit.ts'
import { connecting } from '../providers/connecting.ts'
import { connectionService } from '../providers/connections.ts'
import { faultService } from '../providers/fault-service.ts'
import type { Providers } from '../providers/providers.ts'
import { providerRegistry } from '../providers/registry.ts'
import type { Base } from './base.ts'
import { reachOf } from './reach.ts'
import { openSimulators } from './simulators.ts'

/** Takes a notification that a simulator of this process sends. */
type Receive = Parameters<typeof deliverFrom>[0]['receive']

export type Connected = ReturnType<typeof connectedParts>

/** The providers: how they are reached, their simulators, and the tenants' connections with them. */
export function connectedParts(base: Base, providers: Providers, receive: Receive) {
  const { clock, publicUrl, outbound, secretKey, idempotency, log } = base
  const simulators = openSimulators({
    ...base,
    providers,
    send: (url, init) => deliverFrom({ publicUrl, outbound, receive }, url, init),
  })
  const reach = reachOf({ ...base, providers, simulators })
  const registry = providerRegistry(base.db, {
    providers,
    secretKey,
    circuits: providerCircuits({ clock, log }),
    reach,
  })
  const notifyUrl = (provider: string, connectionId: string) =>
    `${publicUrl}/inbox/${provider.toLowerCase()}/${connectionId}`
  const provision = async (provider: ProviderName, tenantId: string, name: string) =>
    simulators.of(provider)?.provision(tenantId, name)
  const parts = { ...base, registry, notifyUrl, provision, isAnswered: idempotency.isAnswered }
  return {
    simulators,
    registry,
    notifyUrl,
    connections: { ...connectionService(parts), ...connecting(parts) },
    capabilities: capabilityService(parts),
    faults: faultService(parts),
  }
}

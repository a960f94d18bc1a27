import { untilAborted } from '../kernel/until-aborted.ts'
import { asFetch } from '../outbound/as-fetch.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import { localSocket, type OpenSocket } from '../outbound/guarded-socket.ts'
import type { Adapter } from '../providers/adapter.ts'
import { SANDBOX } from '../providers/connections.ts'
import type { Providers } from '../providers/providers.ts'
import type { Reach } from '../providers/registry.ts'
import { mountOf, type Simulators } from './simulators.ts'

interface Parts {
  readonly providers: Providers
  readonly publicUrl: string
  readonly localUrl: string
  readonly outbound: GuardedFetch
  readonly openSocket: OpenSocket
  readonly simulators: Simulators
}

/** How the address of a connection is reached: over the network, or in this process where it names the simulator. */
export function reachOf({ providers, publicUrl, localUrl, outbound, openSocket, simulators }: Parts): Reach {
  const ask = asFetch(outbound)
  return (address, provider) => {
    const simulator = address === SANDBOX ? simulators.of(provider) : undefined
    if (!simulator) {
      const open: OpenSocket = (path, headers) => openSocket(address + path, headers)
      return { baseUrl: address, fetch: ask, openSocket: open, simulated: false }
    }
    const api = mountOf(provider) + apiPath(providers[provider]?.adapter)
    return {
      simulated: true,
      baseUrl: publicUrl + api,
      fetch: (input, init) => untilAborted(simulator.fetch(new Request(input, init)), init?.signal),
      openSocket: (path, headers) => localSocket(`${localUrl}${api}${path}`, headers),
    }
  }
}

/** A simulator has its API at the path that it has at the provider. */
function apiPath(adapter: Adapter | undefined): string {
  return adapter ? new URL(adapter.baseUrl).pathname.replace(/\/+$/, '') : ''
}

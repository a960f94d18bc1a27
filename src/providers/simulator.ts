import type { Mode } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import type { Provider } from './port/provider.ts'
import type { Simulation } from './port/simulation.ts'

/**
 * The simulator behind a connection.
 * @throws DomainError UNSUPPORTED in live mode, and where the connection leads to a server that is not simulated
 */
export function simulatorOf(
  name: Provider['name'],
  { simulation }: Pick<Provider, 'simulation'>,
  mode: Mode,
  field: readonly string[],
): Simulation {
  if (mode === 'TEST' && simulation) return simulation
  const message =
    mode === 'TEST'
      ? `${name} is not simulated here: the connection has an address of its own`
      : 'This is available only in test mode'
  throw new DomainError({ code: 'UNSUPPORTED', message, field: [...field] })
}

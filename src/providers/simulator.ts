import type { Mode } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import type { Provider } from './port/provider.ts'
import type { Simulation } from './port/simulation.ts'
import type { Connected } from './registry.ts'

/**
 * The simulator behind a connection.
 * @throws DomainError UNSUPPORTED in live mode, and where the connection leads to a server that is not simulated
 */
export function simulatorOf(
  name: Provider['name'],
  { simulation, simulated = false }: Partial<Pick<Connected, 'simulation' | 'simulated'>>,
  mode: Mode,
  field: readonly string[],
): Simulation {
  if (mode === 'TEST' && simulation) return simulation
  throw new DomainError({ code: 'UNSUPPORTED', message: reason(name, mode, simulated), field: [...field] })
}

function reason(name: string, mode: Mode, simulated: boolean): string {
  if (mode !== 'TEST') return 'This is available only in test mode'
  return simulated
    ? `the simulator of ${name} cannot be controlled: its adapter has no simulation`
    : `${name} is not simulated here: the connection has an address of its own`
}

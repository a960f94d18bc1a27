/** Where the time comes from. A tenant's test clock runs ahead of the system's; nothing else reads the time. */
export interface Clock {
  now(): Date
}

/** A tenant, and by how many milliseconds its clock ran ahead when somebody looked; left out where nobody did. */
export interface ClockReading {
  readonly tenantId: string
  readonly clockAheadMs?: number
}

/** The time as each tenant has it: in test mode its test clock may run ahead of ours. */
export interface Clocks {
  /** By the reading that a request began with, or else by the tenant's clock as it stands. */
  now(whose: string | ClockReading): Promise<Date>
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that runs ahead of another by a number of milliseconds. */
export function aheadOf(clock: Clock, aheadMs: number): Clock {
  return { now: () => new Date(clock.now().getTime() + aheadMs) }
}

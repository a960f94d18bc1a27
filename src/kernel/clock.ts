/** Where the time comes from. A tenant's test clock runs ahead of the system's; nothing else reads the time. */
export interface Clock {
  now(): Date
}

/** The time as each tenant has it: in test mode its test clock may run ahead of ours. */
export interface Clocks {
  now(tenantId: string): Promise<Date>
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that runs ahead of another by a number of milliseconds. */
export function aheadOf(clock: Clock, aheadMs: number): Clock {
  return { now: () => new Date(clock.now().getTime() + aheadMs) }
}

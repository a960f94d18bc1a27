/** How many connections those may have who show no key, whom nothing else counts. */

const PER_ADDRESS = 50
/** On the whole node. */
const AT_MOST = 2_000

export interface Places {
  /** Takes a place for a connection from an address and answers how to give it back; undefined where there is none. */
  take(address: string): (() => void) | undefined
}

export function keylessPlaces(): Places {
  const taken = new Map<string, number>()
  let all = 0

  function change(address: string, by: 1 | -1): void {
    const left = (taken.get(address) ?? 0) + by
    all += by
    if (left > 0) taken.set(address, left)
    else taken.delete(address)
  }

  return {
    take(address) {
      if (all >= AT_MOST || (taken.get(address) ?? 0) >= PER_ADDRESS) return undefined
      change(address, 1)
      return () => change(address, -1)
    },
  }
}

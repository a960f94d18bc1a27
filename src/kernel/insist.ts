import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_REST_MS = 50
const LONGEST_REST_MS = 1_000
const INSIST_MS = 60_000

/**
 * Does a write that must not be lost, again and again while it fails, for a minute. The write has to be one that may be
 * done twice: a try whose answer was lost may have succeeded.
 */
export async function insist<T>(write: () => Promise<T>): Promise<T> {
  const until = performance.now() + INSIST_MS
  for (let rest = FIRST_REST_MS; ; rest = Math.min(rest * 2, LONGEST_REST_MS)) {
    try {
      return await write()
    } catch (error) {
      if (performance.now() + rest > until) throw error
    }
    await sleep(rest)
  }
}

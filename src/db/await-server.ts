import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '../kernel/start-error.ts'
import { readAddress, shown, withParameter } from './address.ts'
import { openConnection, ReadOnlyError, reasonOf } from './connection.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 500
const SAY_EACH_MS = 5_000

interface Patience {
  readonly patienceMs?: number
  readonly onWait?: (what: string) => void
}

/**
 * Waits until the server takes a connection that may write. It may start at the same time as we do, or be in the middle
 * of a failover; a wrong password or a database that is missing is said at once.
 */
export async function awaitServer(variable: string, url: string, { patienceMs = PATIENCE_MS, onWait }: Patience) {
  const begun = performance.now()
  let said = begun
  for (;;) {
    try {
      // Opened as through a pooler, which is not asked yet: then it leaves nothing behind on a session of others.
      await (await openConnection(withParameter(url, 'pgbouncer', 'true'), { name: 'tollgate start' })).end()
      return
    } catch (error) {
      const what = `${variable}: no connection to ${shown(readAddress(url))} (${reasonOf(error)})`
      const waited = performance.now() - begun
      if (!mayPass(error)) throw new StartError(what, { cause: error })
      if (waited >= patienceMs) throw new StartError(`${what}, after ${Math.round(waited / 1_000)} s`, { cause: error })
      if (said === begun || performance.now() - said >= SAY_EACH_MS) {
        said = performance.now()
        onWait?.(`${what}; waiting up to ${Math.round((patienceMs - waited) / 1_000)} s for it`)
      }
      await sleep(PAUSE_MS)
    }
  }
}

/** What PostgreSQL and poolers say of a server that is not there yet, has no room, or takes no changes now. */
const PASSING_CODES = /^(E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_AGAIN|NOTFOUND)|ENOENT$|EACCES$|57P|53|08)/

function mayPass(error: unknown): boolean {
  if (error instanceof ReadOnlyError) return true
  const { code, message = '', cause } = error as { code?: string; message?: string; cause?: unknown }
  if (cause instanceof ReadOnlyError) return true
  return code === undefined ? /timeout|terminated/.test(message) : PASSING_CODES.test(code)
}

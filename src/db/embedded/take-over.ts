import { dirname } from 'node:path'
import type { Home } from './home.ts'
import { canEnter, giveTo, nobody, ownUserOf } from './owner.ts'
import { findServer } from './server.ts'

/**
 * A cluster that belongs to `nobody`, whom other programs run as too, or to root, who must not run a server, gets a user
 * of its own. While its server runs it stays as it is.
 */
export async function takeOver(home: Home): Promise<Home> {
  const { owner, folder } = home
  if (!owner || ![0, nobody().uid].includes(owner.uid) || findServer(home)) return home
  const own = ownUserOf(folder)
  if (!(await canEnter(dirname(folder), own))) return home
  giveTo(own, folder)
  return { ...home, owner: own }
}

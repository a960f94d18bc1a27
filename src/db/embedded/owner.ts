import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { promisify } from 'node:util'

/** The user that the server's processes run as. PostgreSQL refuses to run as root. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

export const run = promisify(execFile)

/**
 * Who owns the cluster in this folder, or would own a new one there.
 * Undefined for an ordinary user, whose server runs as the user itself.
 */
export function ownerOf(folder: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (!existsSync(folder)) return nobody()
  const { uid, gid } = statSync(folder)
  return { uid, gid }
}

function nobody(): Owner {
  const line = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  const [, uid = '65534', gid = '65534'] = line ?? []
  // Some systems write the numbers as negative 32-bit integers.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
}

/** What a process of the server is started with: no environment of ours, no folder that its user may not enter. */
export function processOptions(owner: Owner | undefined) {
  const environment = process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC' } }
  return { ...owner, ...environment, cwd: '/' }
}

/** Whether the owner may enter the folder, through all the folders above it. */
export async function canEnter(folder: string, owner: Owner | undefined): Promise<boolean> {
  if (!owner) return true
  try {
    await run('/bin/sh', ['-c', 'cd "$0"', folder], processOptions(owner))
    return true
  } catch {
    return false
  }
}

/** Makes a folder that everybody may enter, whatever the mask of this process. Those above it stay as they are. */
export function makeOpenFolder(folder: string): void {
  if (existsSync(folder)) return
  mkdirSync(folder, { mode: 0o755 })
  chmodSync(folder, 0o755)
}

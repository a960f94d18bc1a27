import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** The user that the server's processes run as. PostgreSQL refuses to run as root. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

export const run = promisify(execFile)

/** In a cluster's folder, the file whose owner is the server's user. */
export const OWNED_FILE = 'password'

/**
 * Who owns the cluster in this folder, or would own a new one there.
 * Undefined for an ordinary user, whose server runs as the user itself.
 */
export function ownerOf(folder: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (!existsSync(folder)) return ownUserOf(folder)
  const { uid, gid } = statSync(join(folder, OWNED_FILE))
  return { uid, gid }
}

/** Numbers that no system gives to its users, of which a container with users of its own has only the low ones. */
const HIGH = { first: 1_879_048_192, count: 268_435_455 }
const LOW = { first: 60_578, count: 606 }

/**
 * A user and a group for this cluster alone, by number: no other program runs as them, and no other installation. The
 * number follows from where the folder lies, so that all who make the cluster at the same time choose the same.
 */
export function ownUserOf(folder: string): Owner {
  const parent = dirname(folder)
  const { dev, ino } = statSync(parent)
  const seed = createHash('sha256').update(`${dev} ${ino} ${parent}`).digest().readUInt32BE()
  const { first, count } = isMapped(HIGH.first + HIGH.count - 1) ? HIGH : LOW
  const taken = idsIn('/etc/passwd', '/etc/group')
  let offset = seed % count
  while (taken.has(first + offset)) offset = (offset + 1) % count
  return { uid: first + offset, gid: first + offset }
}

/** Whether processes of this container can be given the number. */
function isMapped(id: number): boolean {
  return ['uid_map', 'gid_map'].every((name) => {
    const ranges = readIfThere(`/proc/self/${name}`).trim()
    if (ranges === '') return true
    return ranges.split('\n').some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
      return id >= first && id < first + count
    })
  })
}

function idsIn(...files: string[]): Set<number> {
  const lines = files.flatMap((file) => readIfThere(file).split('\n'))
  return new Set(lines.map((line) => Number(line.split(':')[2])))
}

/** The user that every system has for programs that own nothing. */
export function nobody(): Owner {
  const line = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(readIfThere('/etc/passwd'))
  const [, uid = '65534', gid = '65534'] = line ?? []
  // Some systems write the numbers as negative 32-bit integers.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Gives the folder and all that is in it to the owner, and last the file that says so. */
export function giveTo({ uid, gid }: Owner, folder: string): void {
  const inside = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== OWNED_FILE)
  // The folder itself first: from then on nobody else can put anything into it.
  for (const name of ['', ...inside, OWNED_FILE]) {
    try {
      lchownSync(join(folder, name), uid, gid)
    } catch (error) {
      // A server that another process has started already removes files of its own.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
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

import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { StartError } from '../../kernel/start-error.ts'
import { makeDataFolder, placeOnce } from '../data-folder.ts'
import type { Binaries } from './binaries.ts'
import {
  canEnter,
  giveTo,
  makeOpenFolder,
  nobody,
  OWNED_FILE,
  type Owner,
  ownerOf,
  processOptions,
  run,
} from './owner.ts'

/** The one place outside the data folder that is written to, and only as root: where an unprivileged user can enter. */
export const SHARED_FOLDER = '/var/lib/tollgate'

export const SUPERUSER = 'tollgate'

/** Where one private server lives: its cluster, its password and its log, in a folder of their own. */
export interface Home {
  readonly folder: string
  readonly cluster: string
  readonly log: string
  readonly port: string
  readonly owner: Owner | undefined
}

/**
 * The home that belongs to the data folder, which need not exist yet. It lies in the data folder itself; where the
 * server's user cannot enter that one, elsewhere, and a file in the data folder says where.
 */
export async function findHome(dataDir: string): Promise<Home> {
  makeDataFolder(dataDir)
  const data = realpathSync(dataDir)
  const inside = join(data, 'postgres')
  const pointer = join(data, 'postgres.location')
  if (existsSync(pointer)) return homeAt(followPointer(pointer))
  const owner = ownerOf(inside)
  if (await canEnter(data, owner)) return homeAt(inside)
  if (existsSync(inside)) {
    throw new StartError(`DATA_DIR ${data}: user ${owner?.uid}, who owns the database in it, may not enter that folder`)
  }
  return homeAt(pointElsewhere(pointer))
}

/** For whoever must not make a database by mistake: writes nothing. */
export function assertHome(dataDir: string): void {
  if (['postgres', 'postgres.location'].some((name) => existsSync(join(dataDir, name)))) return
  throw new StartError(
    `there is no Tollgate installation in ${dataDir}: set DATA_DIR or DATABASE_URL as for the gateway, or make an installation with \`npm start\` or \`npm run -s migrate\``,
  )
}

function homeAt(folder: string): Home {
  return {
    folder,
    cluster: join(folder, 'cluster'),
    log: join(folder, 'server.log'),
    port: join(folder, 'port'),
    owner: ownerOf(folder),
  }
}

function followPointer(pointer: string): string {
  const folder = readFileSync(pointer, 'utf8').trim()
  if (!existsSync(dirname(folder))) throw new StartError(`${dirname(folder)}, which ${pointer} names, is missing`)
  return folder
}

function pointElsewhere(pointer: string): string {
  // The name is random, so that a data folder that was deleted and made again starts empty.
  const name = randomBytes(8).toString('hex')
  const elsewhere = join(SHARED_FOLDER, name)
  for (const folder of [SHARED_FOLDER, elsewhere]) makeOpenFolder(folder)
  const draft = `${pointer}.${name}`
  writeFileSync(draft, `${join(elsewhere, 'postgres')}\n`, { mode: 0o600 })
  try {
    if (!placeOnce(draft, pointer)) rmSync(elsewhere, { recursive: true })
  } catch (error) {
    rmSync(elsewhere, { recursive: true })
    throw error
  } finally {
    rmSync(draft)
  }
  return followPointer(pointer)
}

/** Makes the cluster unless it is there. Of several processes that do so at once, the first to finish wins. */
export async function furnish(home: Home, binaries: Binaries): Promise<void> {
  if (existsSync(home.folder)) return
  removeAbandonedDrafts(home)
  const draft = `${home.folder}.draft-${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await initialise(draft, home.owner, binaries)
    renameSync(draft, home.folder)
  } catch (error) {
    if (!existsSync(home.folder)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function initialise(folder: string, owner: Owner | undefined, binaries: Binaries): Promise<void> {
  const password = join(folder, OWNED_FILE)
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(password, randomBytes(24).toString('hex'), { mode: 0o600 })
  const maker = owner && makerFor(owner)
  if (maker) {
    chownSync(folder, 0, maker.gid)
    chmodSync(folder, 0o770)
    chownSync(password, maker.uid, maker.gid)
  }
  const options = ['-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8', '--data-checksums']
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  await run(binaries.initdb, ['-D', join(folder, 'cluster'), ...options, ...locale], processOptions(maker))
  if (!owner) return
  giveTo(owner, folder)
  chmodSync(folder, 0o700)
}

/**
 * initdb asks for its user's name, and the server's user has none. So it runs as nobody, in the server's group: other
 * programs that run as nobody are not in that group, and cannot enter the folder.
 */
function makerFor({ gid }: Owner): Owner {
  return { uid: nobody().uid, gid }
}

function removeAbandonedDrafts(home: Home): void {
  const prefix = `${basename(home.folder)}.draft-`
  for (const name of readdirSync(dirname(home.folder))) {
    if (!name.startsWith(prefix)) continue
    if (!isAlive(Number(name.slice(prefix.length).split('-')[0]))) {
      rmSync(join(dirname(home.folder), name), { recursive: true, force: true })
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The address of a database on the home's server. */
export function urlOf(home: Home, port: number, database: string): string {
  const password = readFileSync(join(home.folder, OWNED_FILE), 'utf8')
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`
}

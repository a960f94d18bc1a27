import { chmodSync, constants, copyFileSync, existsSync, linkSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Makes the data folder. Where we are root, PostgreSQL runs as another user, who must be able to pass through it. */
export function makeDataFolder(folder: string): void {
  const missing: string[] = []
  for (let each = resolve(folder); !existsSync(each); each = dirname(each)) missing.unshift(each)
  // One after the other: where a system says that there is no such folder, Node would try for ever to make all at once.
  for (const each of missing) {
    try {
      mkdirSync(each, 0o711)
      chmodSync(each, 0o711)
    } catch (error) {
      // Another process makes it at the same moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  // Fails where a file has its name.
  if (missing.length === 0) mkdirSync(folder, { recursive: true })
}

/**
 * Puts a finished file where there is none yet. Answers whether it was this one: unlike a rename, it never replaces the
 * file of another process that was faster.
 */
export function placeOnce(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
  }
  // Some file systems have no hard links. A copy is made under the name itself, so whoever was slower waits for its end.
  try {
    copyFileSync(draft, file, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    for (let turn = 0; turn < COPY_TURNS && statSync(file).size < statSync(draft).size; turn++) pause()
    return false
  }
}

const COPY_TURNS = 100

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
}

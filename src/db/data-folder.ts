import { chmodSync, constants, copyFileSync, linkSync, mkdirSync, statSync } from 'node:fs'

/** Makes the data folder. Where we are root, PostgreSQL runs as another user, who must be able to pass through it. */
export function makeDataFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o711 })
  if (made !== undefined) chmodSync(folder, 0o711)
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

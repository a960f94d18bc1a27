import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inject } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const PATIENCE_MS = 120_000

/**
 * The file that `node` starts Tollgate from: the program as plain JavaScript, since the tests start it so often that
 * compiling it once is quicker. Whoever of the run's processes asks first compiles it for all of them.
 */
export async function program(): Promise<string> {
  const folder = inject('compiledFolder')
  const [main, ready] = [join(folder, 'src', 'main.js'), join(folder, 'ready')]
  if (isMine(folder)) {
    await compileInto(folder)
    writeFileSync(ready, '')
  }
  for (const end = Date.now() + PATIENCE_MS; !existsSync(ready); await sleep(50)) {
    if (Date.now() > end) throw new Error(`the program was not compiled in ${PATIENCE_MS / 1000} seconds`)
  }
  return main
}

/** Whether nobody has made the folder yet. */
function isMine(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function compileInto(folder: string): Promise<void> {
  const args = [COMPILER, '-p', 'tsconfig.build.json', '--outDir', folder]
  await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  const notCompiled = (path: string) => extname(path) !== '.ts'
  cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true, filter: notCompiled })
  for (const part of ['package.json', 'prisma']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

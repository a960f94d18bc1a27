import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')

export interface Compiled {
  /** The command line's file, for `node`. */
  readonly main: string
  remove(): void
}

/** The program as plain JavaScript in a folder of its own: the tests start it so often that compiling it once is quicker. */
export async function compileProgram(): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-compiled-'))
  const args = [COMPILER, '-p', 'tsconfig.build.json', '--outDir', folder]
  await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  const notCompiled = (path: string) => extname(path) !== '.ts'
  cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true, filter: notCompiled })
  for (const part of ['package.json', 'prisma']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { main: join(folder, 'src', 'main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

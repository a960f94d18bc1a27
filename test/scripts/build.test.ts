import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

/** A compiler and whole processes run here, beside whatever else the machine does. */
const PATIENCE_MS = 180_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { PATH = '', HOME = '' } = process.env

interface Outcome {
  readonly code: number
  readonly output: string
}

/** What runs a program with every file system read-only that files of ours are on; nothing where that may not be done. */
function onReadOnlyFiles(folder: string): string[] {
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
    console.warn('skipped, for want of the right to mount: a build on a read-only file system')
    return []
  }
  const readOnly = 'for folder in / /tmp /var; do mountpoint -q $folder && mount -o remount,bind,ro $folder; done'
  const isTrue = 'touch "$0/written" 2>/dev/null && exit 9'
  return ['unshare', '--mount', 'sh', '-c', `${readOnly}; ${isTrue}; cd "$0"; exec "$@"`, folder]
}

/** Runs a program to its end in a folder; node itself where none is named. */
function run(cwd: string, args: readonly string[], program = process.execPath): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { PATH, HOME } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` })
    })
  })
}

const folders: string[] = []

/** A folder with these parts of ours, and the packages where they are wanted. */
function folderWith(parts: readonly string[], packages = true): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-build-'))
  folders.push(folder)
  for (const part of parts) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  if (packages) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('a build', { timeout: PATIENCE_MS }, () => {
  let source: string
  let database: TestDatabase
  let serving: ChildProcess | undefined

  beforeAll(async () => {
    source = folderWith([
      'src',
      'prisma',
      'prisma.config.ts',
      'scripts',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ])
    rmSync(join(source, 'src/db/generated'), { recursive: true })
    expect(await run(source, ['scripts/build.mjs'])).toMatchObject({ code: 0 })
    database = await freshDatabase()
  }, PATIENCE_MS)
  afterAll(async () => {
    serving?.kill('SIGKILL')
    await database.drop()
  })

  test('is all that it takes to serve, with its pages and migrations, where no file can be written', async () => {
    const shipped = folderWith(['package.json', 'scripts'])
    cpSync(join(source, 'dist'), join(shipped, 'dist'), { recursive: true })
    const env = {
      PATH,
      HOME,
      TMPDIR: join(shipped, 'missing'),
      PORT: '0',
      DATABASE_URL: database.url,
      SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      DATA_DIR: join(shipped, 'no-data'),
    }
    const [program = '', ...args] = [...onReadOnlyFiles(shipped), process.execPath, 'scripts/tollgate.mjs', 'serve']
    serving = spawn(program, args, { cwd: shipped, env })
    const url = await new Promise<string>((resolve, reject) => {
      let output = ''
      const read = (chunk: Buffer) => {
        output += chunk
        const [, found] = /Graph\S+ +(http\S+)\/graphql\n/.exec(output) ?? []
        if (found) resolve(found)
      }
      serving?.stdout?.on('data', read)
      serving?.stderr?.on('data', read)
      serving?.on('exit', () => reject(new Error(`the gateway ended: ${output}`)))
    })
    const paths = [
      '/health/ready',
      '/graphql?query={__typename}',
      '/claim/unknown',
      '/sandbox/qbitflow/nothing/checkout/unknown',
    ]
    const answers = await Promise.all(paths.map((path) => fetch(`${url}${path}`, { headers: { accept: 'text/html' } })))
    expect(answers.map(({ status }) => status < 500)).toEqual(paths.map(() => true))
    expect(answers[0]?.status).toBe(200)
    serving.kill('SIGTERM')
    expect(await once(serving, 'exit')).toEqual([0, null])
  })

  test('is started as long as the source is the one it was made of; otherwise the source is, and says so', async () => {
    writeFileSync(join(source, 'dist/src/main.js'), "console.log('the build')\n")
    const help = ['scripts/tollgate.mjs', '--help']
    expect(await run(source, help)).toEqual({ code: 0, output: 'the build\n' })
    appendFileSync(join(source, 'src/main.ts'), '\n')
    const { code, output } = await run(source, help)
    expect([code, output]).toEqual([0, expect.stringContaining('Usage, in the folder of Tollgate')])
    expect(output).toContain('tollgate: dist/ was built of another source')
  })
})

describe('an installation in layers', { timeout: PATIENCE_MS }, () => {
  const prepare = (folder: string) => run(folder, ['run', '-s', 'prepare'], 'npm')

  test('prepares nothing where package.json came alone, and the client once the rest is there', async () => {
    const folder = folderWith(['package.json'])
    for (const part of ['prisma', 'prisma.config.ts', 'scripts']) {
      expect(await prepare(folder)).toEqual({ code: 0, output: '' })
      cpSync(join(ROOT, part), join(folder, part), { recursive: true })
    }
    const { code, output } = await prepare(folder)
    expect([code, output]).toEqual([0, expect.stringContaining('Generated Prisma Client')])
  })

  test('without scripts, packages or source says in one line what to run', async () => {
    const folder = folderWith(['package.json', 'scripts'], false)
    const help = () => run(folder, ['scripts/tollgate.mjs', '--help'])
    expect(await help()).toEqual({
      code: 1,
      output: expect.stringMatching(/^tollgate: there is neither src\/ nor .*\n$/),
    })
    mkdirSync(join(folder, 'src'))
    cpSync(join(ROOT, 'src/main.ts'), join(folder, 'src/main.ts'))
    mkdirSync(join(folder, 'prisma'))
    const unprepared = await help()
    expect(unprepared).toEqual({ code: 1, output: expect.stringMatching(/^tollgate: .*`npm run prepare`.*\n$/) })
    mkdirSync(join(folder, 'src/db/generated'), { recursive: true })
    writeFileSync(join(folder, 'src/db/generated/client.ts'), '')
    expect(await help()).toEqual({ code: 1, output: expect.stringMatching(/^tollgate: .*`npm ci`.*\n$/) })
  })
})

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takePort } from './http/house.ts'
import { type ServingProcess, serve, tollgate, type Variables } from './support/command-line.ts'
import { freshDatabase } from './support/database.ts'
import { look } from './support/look.ts'

/** Whole processes are started here, beside whatever else the machine does. */
const PATIENCE_MS = 60_000
const KEY = /sk_(test|live)_[0-9a-z]{30,}/g

describe('the command line', () => {
  test('helps, with every command too', async () => {
    const wishes = [['--help'], ['migrate', '-h'], ['keys', 'create', '--help'], ['ledger', '--help']]
    for (const { code, stdout, stderr } of await Promise.all(wishes.map((args) => tollgate(args)))) {
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^Usage/m)
    }
  })

  test('answers a mistake with the usage on standard error and exit code 2', async () => {
    const mistakes: [string[], string][] = [
      [['sevre'], 'unknown command: sevre'],
      [['keys'], 'keys needs one of these words after it: create, rotate-secret\n\nUsage: npm run -s keys -- create'],
      [['ledger', 'exprot'], 'unknown command: ledger exprot\n\nUsage: npm run -s ledger -- export'],
      [['serve', '--prot', '4'], '--prot'],
      [['keys', 'create', '--mode', 'beta', '--role', 'OWNER'], '--mode'],
      [['keys', 'create', '--mode', 'test', '--role', 'OWNER', 'extra'], 'extra'],
    ]
    const outcomes = await Promise.all(mistakes.map(([args]) => tollgate(args)))
    for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(mistakes[index]?.[1])
      expect(stderr).toContain('Usage')
    }
  })

  test('answers a wrong setting with one line that names it and exit code 1', async () => {
    const wrong: Variables[] = [
      { PORT: '40o0' },
      { DATABASE_URL: 'mysql://x/y' },
      { DATABASE_URL: '' },
      { NODE_ENV: 'production' },
    ]
    for (const { code, stdout, stderr } of await Promise.all(wrong.map((env) => tollgate(['serve'], env)))) {
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^tollgate: .*(PORT|DATABASE_URL|PUBLIC_URL).*\n$/)
    }
  })
})

describe('a command without the gateway’s DATA_DIR or DATABASE_URL', { timeout: PATIENCE_MS }, () => {
  const COMMANDS = [
    ['keys', 'create', '--mode', 'test', '--role', 'OWNER'],
    ['keys', 'rotate-secret'],
    ['organizations', 'list'],
    ['organizations', 'create', 'Second shop'],
    ['ledger', 'export'],
  ]

  test('makes no second installation in an empty folder, and says so in one line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-empty-'))
    const DATA_DIR = join(folder, 'data')
    for (const { code, stdout, stderr } of await Promise.all(COMMANDS.map((args) => tollgate(args, { DATA_DIR })))) {
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^tollgate: .*data.*set .*as for the gateway.*\n$/)
    }
    expect(existsSync(DATA_DIR)).toBe(false)
    rmSync(folder, { recursive: true })
  })

  test('leaves a database that belongs to something else as it is', async () => {
    const database = await freshDatabase('template0')
    const variables = { DATABASE_URL: database.url, SECRET_KEY: Buffer.alloc(32, 7).toString('base64') }
    const [create = [], , list = [], , books = []] = COMMANDS
    const rotate = ['keys', 'rotate-secret', '--new-key', join(tmpdir(), 'tollgate-never-made.key')]
    const outcomes = await Promise.all([create, list, books, rotate].map((args) => tollgate(args, variables)))
    for (const { code, stdout, stderr } of outcomes) {
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^tollgate: there is no Tollgate installation in the database at DATABASE_URL.*\n$/)
    }
    const tables = "SELECT FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    expect(await look(database.url, tables)).toEqual([])
    await database.drop()
  })
})

describe('a gateway on its data folder', { timeout: PATIENCE_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-main-'))
  const DATA_DIR = join(folder, 'first')
  let first: ServingProcess
  let second: ServingProcess

  beforeAll(async () => {
    // Where the server's own user can reach it, all of the database lies in the folder and goes with it.
    chmodSync(folder, 0o711)
    const started = [serve({ DATA_DIR }), serve({ DATA_DIR: join(folder, 'second') })] as const
    await Promise.allSettled(started)
    first = await started[0]
    second = await started[1]
  }, PATIENCE_MS)

  afterAll(async () => {
    await Promise.all([first?.end('SIGTERM'), second?.end('SIGTERM')])
    rmSync(folder, { recursive: true })
  })

  test('prints a test key at the first start, which opens its own gateway and not the one beside it', async () => {
    const [key = '', ...others] = first.output().match(KEY) ?? []
    expect(others).toEqual([])
    expect(first.output()).toContain(`Database   private PostgreSQL in ${DATA_DIR}\n`)
    expect(first.output()).toContain(`More keys: DATA_DIR=${DATA_DIR} npm run -s keys -- create`)
    expect(await modeOf(first, key)).toBe('TEST')
    expect(second.url).not.toBe(first.url)
    expect(await modeOf(second, key)).toBeUndefined()
  })

  test('is told about its folder when it is the second on it', async () => {
    const { code, stdout, stderr } = await tollgate(['serve'], { DATA_DIR, PORT: '0' })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^tollgate: DATA_DIR \S+ is in use by another Tollgate.*\n$/)
  })

  test('is told about its port when that is taken', async () => {
    const taken = await takePort()
    const database = await freshDatabase()
    const variables = { DATABASE_URL: database.url, DATA_DIR: folder, PORT: String(taken.port) }
    const { code, stderr } = await tollgate(['serve'], variables)
    taken.free()
    await database.drop()
    expect(code).toBe(1)
    expect(stderr).toMatch(/^tollgate: cannot listen on 127\.0\.0\.1:\d+: .*\n$/)
  })

  test('keeps its data over kill -9, prints no key again, and ends in good order on SIGTERM', async () => {
    const { code, stdout, stderr } = await tollgate(['keys', 'create', '--mode', 'live', '--role', 'ADMIN'], {
      DATA_DIR,
    })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^sk_live_[0-9a-z]+\n$/)
    const key = stdout.trim()
    expect(await modeOf(first, key)).toBe('LIVE')

    await first.end('SIGKILL')
    first = await serve({ DATA_DIR })
    expect(first.output()).not.toMatch(KEY)
    expect(await modeOf(first, key)).toBe('LIVE')

    expect(await first.end('SIGTERM')).toBe(0)
    const again = await tollgate(['keys', 'create', '--mode', 'test', '--role', 'USER'], { DATA_DIR })
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sk_test_[0-9a-z]+\n$/) })
  })
})

/** The mode of the key as the gateway sees it; undefined when it opens nothing there. */
async function modeOf(gateway: ServingProcess, key: string): Promise<string | undefined> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: '{ viewer { mode } }' }),
  })
  const answer = (await response.json()) as { data?: { viewer?: { mode: string } } }
  return answer.data?.viewer?.mode
}

/** What a process is started with to find itself on a file system without hard links. */
const NO_HARD_LINKS = `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  fs.linkSync = () => { throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' }) }
  syncBuiltinESMExports()`

test('two first starts at once on a file system without hard links keep one key and one database', {
  timeout: PATIENCE_MS,
}, async () => {
  // Where we are root the server's own user cannot enter such a folder, so that the database lies elsewhere.
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-links-'))
  const DATA_DIR = join(folder, 'data')
  chmodSync(folder, 0o700)
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(NO_HARD_LINKS)}`
  try {
    const started = [serve({ DATA_DIR, NODE_OPTIONS }), tollgate(['migrate'], { DATA_DIR, NODE_OPTIONS })] as const
    const [first, migrated] = await Promise.all(started)
    expect(migrated.code).toBe(0)
    expect(readFileSync(join(DATA_DIR, 'secret.key'), 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/)
    const response = await fetch(`${first.url}/health/ready`)
    expect(response.status).toBe(200)
    expect(await first.end('SIGTERM')).toBe(0)
    expect(readdirSync(DATA_DIR).filter((name) => /^(secret\.key|postgres\.location)\./.test(name))).toEqual([])
  } finally {
    const pointer = join(DATA_DIR, 'postgres.location')
    if (existsSync(pointer)) rmSync(dirname(readFileSync(pointer, 'utf8').trim()), { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** What neither the linter nor the import rules can say. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MAX_LINES = 300

interface Source {
  readonly path: string
  readonly text: string
}

function sourcesIn(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter(
        (path) => /\.(ts|tsx|mjs|js|css|sql)$/.test(path) && !/\/(generated|node_modules|__generated__)\//.test(path),
      )
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  )
}

const ours = sourcesIn('src', 'test', 'bench', 'scripts')
const product = ours.filter((source) => source.path.startsWith('src/'))

function thatContain(sources: readonly Source[], pattern: RegExp, except: readonly string[] = []): string[] {
  return sources.filter(({ path, text }) => !except.includes(path) && pattern.test(text)).map(({ path }) => path)
}

describe('the house', () => {
  test(`has no file above ${MAX_LINES} lines`, () => {
    const long = ours.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    expect(long.filter(({ lines }) => lines > MAX_LINES)).toEqual([])
  })

  test('reads the environment in one place', () => {
    expect(thatContain(product, /process\.env|from 'node:process'/, ['src/config.ts'])).toEqual([])
  })

  test('reads the time in one place', () => {
    expect(thatContain(product, /Date\.now\(|new Date\(\)|\bDate\(\)/, ['src/kernel/clock.ts'])).toEqual([])
  })

  test('asks about the states of a payment, checkout, subscription, bill or refund in the file of that noun alone', () => {
    const nouns = [
      'payments/payment',
      'checkouts/checkout',
      'subscriptions/subscription',
      'subscriptions/billing',
      'refunds/refund',
      // Reports of usage have states of their own, and this is their file.
      'subscriptions/usage',
    ]
    const compared = /\b\w*(status|[sS]tate) (===|!==) '[A-Z]/
    const queried = /\bstatus (=|<>|!=|(NOT )?IN) ?\(?'[A-Z]|\bstatus: \{ (in|notIn|not): \[?'/
    const listed = /\['[A-Z_]+'[^\]]*\](?: as \w+)*\.includes\([\w.?]*\b(status|state)\)/
    const others = product.filter(
      ({ path }) => !/^src\/(sandbox|ledger|webhooks|providers\/qbitflow|db\/generated)\//.test(path),
    )
    const files = nouns.map((noun) => `src/${noun}.ts`)
    for (const asked of [compared, queried, listed]) expect(thatContain(others, asked, files)).toEqual([])
  })

  test("changes a checkout's row in one place after it was made", () => {
    const change = /\bcheckout\.(update|upsert)\w*\(|\bUPDATE checkout\b/
    expect(thatContain(product, change)).toEqual(['src/checkouts/row.ts'])
  })

  test('leaves nothing for later in its source', () => {
    const leftovers = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].map((word) => `\\b${word}\\b`).join('|'),
    )
    expect(thatContain(ours, leftovers)).toEqual([])
  })

  test('silences neither the compiler nor the linter without a reason', () => {
    expect(
      thatContain(ours, /@ts-(ignore|nocheck)|biome-ignore(?![^\n]*: \S)|as any\b/, ['test/tidy.test.ts']),
    ).toEqual([])
  })
})

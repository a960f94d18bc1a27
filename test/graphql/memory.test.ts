import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freshDatabase } from '../support/database.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The caches are full after the first. For larger counts: DOCUMENTS=1000,10000 npx vitest run test/graphql/memory.test.ts */
const COUNTS = (process.env.DOCUMENTS ?? '600,1500').split(',')

test('the heap does not grow with the number of different documents once the caches are full', async () => {
  const database = await freshDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-memory-'))
  const args = ['--expose-gc', '--import', 'tsx', 'test/support/many-documents.ts', database.url, dataDir, ...COUNTS]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
    const measured = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    if (process.env.DOCUMENTS) console.table(measured)
    expect(measured).toHaveLength(COUNTS.length)
    expect(measured.at(-1).heap).toBeLessThan(measured[0].heap * 1.15)
  } finally {
    rmSync(dataDir, { recursive: true })
    await database.drop()
  }
}, 600_000)

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../src/db/embedded.ts'
import { migrate } from '../src/db/migrate.ts'
import { FOLDER, functionsOf } from './sql-functions.ts'

/** Writes prisma/functions from the migrations, through a database that is removed afterwards. */
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-functions-'))
const { url, stop } = await openEmbedded({ dataDir, exclusive: true })
try {
  await migrate(url)
  const files = await functionsOf(url)
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER)
  for (const [name, text] of files) writeFileSync(join(FOLDER, name), text)
  console.log(`${FOLDER} has ${files.size} functions`)
} finally {
  await stop()
  rmSync(dataDir, { recursive: true })
}

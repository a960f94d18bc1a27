import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { StartError } from '../kernel/start-error.ts'
import { type Command, oneOf, textOf } from './command.ts'
import { withDatabase } from './with-database.ts'

export const exportLedger: Command = {
  name: 'ledger export',
  usage: `Usage: npm run -s ledger -- export [options]

Exports the ledger of one tenant as it is at one moment, with everything that \`npm run -s ledger -- verify\` needs to verify
it. Works beside a running gateway on the same DATA_DIR or DATABASE_URL.

  --mode TEST|LIVE         the mode of the ledger to export; by default TEST
  --organization <id>      the id of the organization; required when there are several
  --format jsonl|hledger   JSON lines for verification (the default), or a journal for hledger
  --output <file>          the file to write; by default standard output
`,
  options: {
    mode: { type: 'string' },
    organization: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string' },
  },
  async run(config, values) {
    await writeBooks(config, {
      mode: values.mode === undefined ? 'TEST' : oneOf(['TEST', 'LIVE'], 'mode', values.mode),
      format: values.format === undefined ? 'JSONL' : oneOf(['JSONL', 'HLEDGER'], 'format', values.format),
      organizationId: textOf(values.organization),
      output: textOf(values.output),
    })
  },
}

interface Wish {
  readonly mode: 'TEST' | 'LIVE'
  readonly format: 'JSONL' | 'HLEDGER'
  readonly organizationId: string | undefined
  readonly output: string | undefined
}

async function writeBooks(config: Config, { mode, format, organizationId, output }: Wish): Promise<void> {
  const { exportBooks } = await import('../ledger/export.ts')
  const { exportJournal } = await import('../ledger/hledger.ts')
  const { sealService } = await import('../ledger/seal.ts')
  const { findTenant } = await import('../organizations/grant.ts')

  await withDatabase(config, async (db) => {
    const { id: tenantId } = await findTenant(db, mode, organizationId)
    await sealService({ db, clock: systemClock }).sealAll(tenantId)
    const books = { tenantId, mode, at: systemClock.now() }
    await write(format === 'JSONL' ? exportBooks(db, books) : exportJournal(db, books), output)
  })
}

async function write(pieces: AsyncIterable<string>, output: string | undefined): Promise<void> {
  if (output === undefined) return pipeline(Readable.from(pieces), process.stdout, { end: false })
  await pipeline(Readable.from(pieces), createWriteStream(output)).catch((error) => {
    throw readable(error)
  })
}

/** What the person who asks can put right is one line. */
function readable(error: NodeJS.ErrnoException): Error {
  const { code, syscall, message } = error
  return code !== undefined && (syscall === 'open' || syscall === 'write') ? new StartError(message) : error
}

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { encodeId } from '../kernel/id.ts'
import { StartError } from '../kernel/start-error.ts'
import type { Verification } from '../ledger/verify.ts'
import type { Command } from './command.ts'

export const verifyLedger: Command = {
  name: 'ledger verify',
  usage: `Usage: npm run -s ledger -- verify <file>

Verifies a file that \`npm run -s ledger -- export\` wrote, without a database: that it is complete, that every transaction sums
to zero in each currency, that balances and held amounts follow from the entries and holds, that charges, conversions and
refunds add up, that the hash chain of the seals is intact, and that the metadata of transactions match their hashes.
Prints what was checked, or each inconsistency; the exit code is 1 if there is one.

The head that it prints equals \`ledger { proof { head } }\` of the API when the ledger is the same.
`,
  options: {},
  positionals: ['file'],
  async run(_config, values) {
    const { verifyExport } = await import('../ledger/verify.ts')
    const file = String(values.file)
    const verification = await verifyExport(linesOf(file)).catch((error: NodeJS.ErrnoException) => {
      throw error.syscall === undefined ? error : new StartError(error.message)
    })
    process.stdout.write(report(verification))
    const { breakCount } = verification
    if (breakCount > 0)
      throw new StartError(`${file} is inconsistent: ${breakCount} ${breakCount === 1 ? 'break' : 'breaks'}`)
  },
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
}

function report({ manifest, found, metadata, unsealed, breaks, breakCount }: Verification): string {
  const { accounts, transactions, entries, events, seals } = found
  const books = manifest ? `The ${manifest.mode} ledger of tenant ${manifest.tenant}, exported ${manifest.at}\n` : ''
  const checked = `Checked ${accounts} accounts, ${transactions} transactions, ${entries} entries, ${events} events, ${seals} seals, ${metadata.proven} metadata\n`
  const tail = unsealed > 0 ? `The last ${unsealed} events were not sealed yet\n` : ''
  const removed = metadata.removed > 0 ? `Metadata of which only the hash is left: ${metadata.removed}\n` : ''
  if (breakCount === 0) {
    return `${books}${checked}${removed}${tail}Head ${manifest?.head}\nSums, balances, holds, charges, conversions, refunds, seals and metadata agree.\n`
  }
  const lines = breaks.map(({ kind, message, transactionId }) => `${kind}: ${message}${named(transactionId)}\n`)
  return `${books}${checked}${removed}${tail}${lines.join('')}`
}

function named(transactionId: string | undefined): string {
  return transactionId === undefined ? '' : ` (${encodeId('LedgerTransaction', transactionId)})`
}

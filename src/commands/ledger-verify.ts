import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { encodeId } from '../kernel/id.ts'
import { StartError } from '../kernel/start-error.ts'
import type { Verification } from '../ledger/verify.ts'
import type { Command } from './command.ts'

export const verifyLedger: Command = {
  name: 'ledger verify',
  usage: `Usage: tollgate ledger verify <file>

Proves what \`tollgate ledger export\` wrote, from nothing but the file: that it is whole, that every transaction sums to
zero in each currency, that the entries lead to the balances and the holds to what is held, that charges, conversions and
refunds add up, that the chain of seals holds, and that the metadata of transactions are those that it covers. Prints what
it has checked, or each break; exit code 1 if there is one.

The head that it prints is the one that \`ledger { proof { head } }\` shows for the books when they are the same.
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
      throw new StartError(`${file} does not hold: ${breakCount} ${breakCount === 1 ? 'break' : 'breaks'}`)
  },
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
}

function report({ manifest, found, metadata, unsealed, breaks, breakCount }: Verification): string {
  const { accounts, transactions, entries, events, seals } = found
  const books = manifest ? `The ${manifest.mode} books of tenant ${manifest.tenant}, exported ${manifest.at}\n` : ''
  const checked = `Checked ${accounts} accounts, ${transactions} transactions, ${entries} entries, ${events} events, ${seals} seals, ${metadata.proven} metadata\n`
  const tail = unsealed > 0 ? `The last ${unsealed} events were not sealed yet\n` : ''
  const removed = metadata.removed > 0 ? `Of ${metadata.removed} metadata only the hash is left\n` : ''
  if (breakCount === 0) {
    return `${books}${checked}${removed}${tail}Head ${manifest?.head}\nSums, balances, holds, charges, conversions, refunds, seals and metadata agree.\n`
  }
  const lines = breaks.map(({ kind, message, transactionId }) => `${kind}: ${message}${named(transactionId)}\n`)
  return `${books}${checked}${removed}${tail}${lines.join('')}`
}

function named(transactionId: string | undefined): string {
  return transactionId === undefined ? '' : ` (${encodeId('LedgerTransaction', transactionId)})`
}

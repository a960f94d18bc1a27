import { createHash, type Hash } from 'node:crypto'
import { bookAudit } from './audit/books.ts'
import type { AccountLine, CurrencyLine, EventLine, MetadataLine, Note, TransactionLine } from './audit/lines.ts'
import { metadataAudit } from './audit/metadata.ts'
import { type FoundLine, genesis, hex, type LedgerBreak, lineBreaks, same, sealBreaks } from './chain.ts'
import { FORMAT, type Manifest } from './export.ts'

/** Proves an export, line by line, from nothing but itself. */

const REPORTED_AT_MOST = 100

interface SealLine {
  readonly number: number
  readonly cursor: number
  readonly postings: number
  readonly digests: string
  readonly hash: string
}

interface EndLine {
  readonly lines: number
  readonly sha256: string
}

type FileLine =
  | Manifest
  | ({ readonly kind: 'currency' } & CurrencyLine)
  | ({ readonly kind: 'account' } & AccountLine)
  | ({ readonly kind: 'event' } & EventLine)
  | ({ readonly kind: 'metadata' } & MetadataLine)
  | ({ readonly kind: 'seal' } & SealLine)
  | ({ readonly kind: 'transaction' } & TransactionLine)
  | ({ readonly kind: 'end' } & EndLine)

const COUNTED = ['accounts', 'transactions', 'entries', 'events', 'seals'] as const

export interface Verification {
  readonly manifest: Manifest | undefined
  readonly found: Readonly<Record<(typeof COUNTED)[number], number>>
  /** How many transactions and parts have their metadata in the file, and of how many only the hash is left. */
  readonly metadata: { readonly proven: number; readonly removed: number }
  /** How many events came after the last seal. */
  readonly unsealed: number
  /** The first hundred. */
  readonly breaks: readonly LedgerBreak[]
  readonly breakCount: number
}

/** @param lines the file's lines, without their ends */
export async function verifyExport(lines: AsyncIterable<string>): Promise<Verification> {
  const { note, breaks, count: breakCount } = notebook()
  const reading = newReading(note)
  for await (const text of lines) {
    if (reading.end) {
      note('file_altered', 'something follows its end')
      break
    }
    readLine(reading, text)
    if (!reading.manifest) break
  }
  const { manifest, found, sealed, books, texts } = reading
  texts.finish()
  books.finish()
  for (const message of wholeness(reading.end, reading.lines, reading.whole.digest('hex')))
    note('file_altered', message)
  if (manifest) for (const message of promises(manifest, found, sealed.head())) note('file_altered', message)
  return { manifest, found, metadata: texts.found, unsealed: sealed.unsealed(), breaks, breakCount: breakCount() }
}

/** A file as far as it has been read. */
interface Reading {
  readonly note: Note
  readonly sealed: ReturnType<typeof chainAudit>
  readonly books: ReturnType<typeof bookAudit>
  readonly texts: ReturnType<typeof metadataAudit>
  /** The hash of all lines before the end. */
  readonly whole: Hash
  readonly found: { -readonly [What in keyof Verification['found']]: number }
  manifest: Manifest | undefined
  end: EndLine | undefined
  /** How many there are before the end. */
  lines: number
}

function newReading(note: Note): Reading {
  return {
    note,
    sealed: chainAudit(note),
    books: bookAudit(note),
    texts: metadataAudit(note),
    whole: createHash('sha256'),
    found: { accounts: 0, transactions: 0, entries: 0, events: 0, seals: 0 },
    manifest: undefined,
    end: undefined,
    lines: 0,
  }
}

function readLine(reading: Reading, text: string): void {
  try {
    if (reading.manifest) take(reading, JSON.parse(text), text)
    else begin(reading, JSON.parse(text))
  } catch (error) {
    reading.note('line_unreadable', `line ${reading.lines + 1}: ${(error as Error).message}`)
    if (!reading.manifest) return
  }
  if (reading.end) return
  reading.whole.update(text).update('\n')
  reading.lines += 1
}

function begin(reading: Reading, line: FileLine): void {
  if (line.kind !== 'manifest' || line.format !== FORMAT) throw new Error(`an export begins with a ${FORMAT} manifest`)
  reading.manifest = line
  reading.sealed.begin(line.tenant)
  reading.texts.begin(line.salt)
}

function take(reading: Reading, line: FileLine, text: string): void {
  const { sealed, books, texts, found } = reading
  switch (line.kind) {
    case 'currency':
      books.currency(line)
      break
    case 'account':
      found.accounts += 1
      books.account(line)
      break
    case 'event':
      found.events += 1
      found.entries += line.entries.length
      sealed.event(line, text)
      texts.event(line)
      books.event(line)
      break
    case 'metadata':
      texts.metadata(line)
      break
    case 'seal':
      found.seals += 1
      sealed.seal(line)
      break
    case 'transaction':
      found.transactions += 1
      books.transaction(line)
      break
    case 'end':
      reading.end = line
      break
    default:
      throw new Error(`there is no line of the kind ${line.kind} here`)
  }
}

function wholeness(end: EndLine | undefined, lines: number, sha256: string): string[] {
  if (!end) return [`it stops after ${lines} lines, before its end`]
  return [
    ...(end.lines === lines ? [] : [`it has ${lines} lines before its end, not ${end.lines}`]),
    ...(end.sha256 === sha256 ? [] : ['it is not what was written: the SHA-256 of its lines differs']),
  ]
}

function promises(manifest: Manifest, found: Verification['found'], head: string): string[] {
  return [
    ...COUNTED.filter((what) => manifest[what] !== found[what]).map(
      (what) => `there are ${found[what]} ${what}, its first line says ${manifest[what]}`,
    ),
    ...(manifest.head === head ? [] : [`the hash of its last seal is ${head}, its first line says ${manifest.head}`]),
  ]
}

function notebook() {
  const breaks: LedgerBreak[] = []
  let count = 0
  const note: Note = (kind, message, transactionId) => {
    count += 1
    if (breaks.length < REPORTED_AT_MOST) breaks.push({ kind, message, ...(transactionId && { transactionId }) })
  }
  return { note, breaks, count: () => count }
}

/** The chain of seals over the events' lines, as they are in the file. */
function chainAudit(note: Note) {
  let link = genesis('')
  let last = 0n
  let lines: FoundLine[] = []

  return {
    begin(tenantId: string): void {
      link = genesis(tenantId)
    },

    event({ cursor, transaction }: EventLine, text: string): void {
      const place = BigInt(cursor)
      if (place <= last) note('event_misplaced', `event ${place} comes after event ${last}`)
      last = place
      const digest = createHash('sha256').update(text).digest()
      lines.push({ cursor: place, transactionId: transaction?.id, digest })
    },

    seal({ number, cursor, postings, digests: base64, hash }: SealLine): void {
      const digests = Buffer.from(base64, 'base64')
      const seal = { number: BigInt(number), cursor: BigInt(cursor), postings, digests, hash: Buffer.from(hash, 'hex') }
      const strays = lines.filter((line) => line.cursor <= link.cursor || line.cursor > seal.cursor)
      for (const stray of strays) note('event_misplaced', `event ${stray.cursor} is not within seal ${number}`)
      const intact = same(Buffer.concat(lines.map(({ digest }) => digest)), digests)
      for (const { kind, message, transactionId } of [
        ...sealBreaks(link, seal),
        ...(intact ? [] : lineBreaks(seal, lines)),
      ]) {
        note(kind, message, transactionId)
      }
      link = seal
      lines = []
    },

    head: () => hex(link.hash),
    unsealed: () => lines.length,
  }
}

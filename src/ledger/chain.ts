import { createHash } from 'node:crypto'

/** The hash chain over the postings: what a seal is, and what can be wrong with one. */

export const DIGEST_BYTES = 32

/** Where a chain stands. */
export interface Link {
  readonly number: bigint
  /** The last event that is sealed. */
  readonly cursor: bigint
  readonly hash: Uint8Array
}

export interface Seal extends Link {
  readonly postings: number
  /** SHA-256 of each of its lines, in their order. */
  readonly digests: Uint8Array
}

/** A line as it is found where a seal was made. */
export interface FoundLine {
  readonly cursor: bigint
  readonly transactionId: string | undefined
  readonly digest: Uint8Array
}

/** One place where the books contradict themselves. */
export interface LedgerBreak {
  readonly kind: string
  readonly message: string
  readonly accountId?: string
  readonly transactionId?: string
}

/** What the first seal of a tenant follows: no two tenants have the same chain. */
export function genesis(tenantId: string): Link {
  return { number: 0n, cursor: 0n, hash: createHash('sha256').update(tenantId).digest() }
}

/** The hash of a seal; where nothing was posted it stays what it was. */
export function nextHash(before: Uint8Array, digests: Uint8Array): Uint8Array {
  return digests.length === 0 ? before : createHash('sha256').update(before).update(digests).digest()
}

/** What is wrong with a seal itself, whatever it seals. */
export function sealBreaks(before: Link, seal: Seal): LedgerBreak[] {
  const broken = (message: string) => [{ kind: 'seal_broken', message: `seal ${seal.number} ${message}` }]
  if (seal.number !== before.number + 1n) return broken(`follows seal ${before.number}`)
  if (seal.cursor <= before.cursor) return broken(`ends at event ${seal.cursor}, the one before it at ${before.cursor}`)
  if (seal.digests.length !== seal.postings * DIGEST_BYTES)
    return broken(`does not have the digests of ${seal.postings} events`)
  return same(nextHash(before.hash, seal.digests), seal.hash) ? [] : broken('is not the hash of what it seals')
}

/** Which of the lines that are found are not, or not any more, what was sealed. */
export function lineBreaks({ number, postings, digests }: Seal, lines: readonly FoundLine[]): LedgerBreak[] {
  const sealed = new Set<string>()
  for (let at = 0; at < digests.length; at += DIGEST_BYTES) sealed.add(hex(digests.subarray(at, at + DIGEST_BYTES)))
  const breaks: LedgerBreak[] = lines
    .filter(({ digest }) => !sealed.has(hex(digest)))
    .map(({ cursor, transactionId }) => ({
      kind: 'sealed_event_differs',
      message: `event ${cursor} or its transaction is not what seal ${number} has sealed`,
      ...(transactionId !== undefined && { transactionId }),
    }))
  const gone = postings - lines.length
  if (gone > 0) {
    const message = `${gone} of the events that seal ${number} has sealed are gone`
    breaks.push({ kind: 'sealed_event_missing', message })
  }
  return breaks
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

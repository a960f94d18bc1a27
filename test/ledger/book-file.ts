import { createHash } from 'node:crypto'
import type { App } from '../../src/app.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { exportBooks } from '../../src/ledger/export.ts'
import { verifyExport } from '../../src/ledger/verify.ts'
import { joined, linesOf } from '../support/lines.ts'

/** A tenant's exported books, and what a forger makes of them. */

export interface Line {
  readonly kind: string
  readonly entries?: readonly { readonly account: string; readonly amount: string }[]
  readonly parts?: readonly { readonly converted?: string }[]
  readonly [fact: string]: unknown
}

export type Pick = (line: Line) => boolean

export function exportOf({ db }: App, { tenantId }: Actor): Promise<string> {
  return joined(exportBooks(db, { tenantId, mode: 'TEST', at: new Date('2026-03-31T12:00:00Z') }))
}

export const verified = (text: string) => verifyExport(linesOf(text))

export const parsed = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** A file whose lines were changed by somebody who knows how it ends; a line that is not changed keeps every blank. */
function forged(file: string, change: (line: Line) => Line | undefined): string {
  const lines = file.trim().split('\n').slice(0, -1)
  const kept = lines.flatMap((text) => {
    const line: Line = JSON.parse(text)
    const changed = change(line)
    return changed === line ? [text] : changed ? [JSON.stringify(changed)] : []
  })
  const text = `${kept.join('\n')}\n`
  const sha256 = createHash('sha256').update(text).digest('hex')
  return `${text}${JSON.stringify({ kind: 'end', lines: kept.length, sha256 })}\n`
}

export const changedIn = (file: string, picks: Pick, change: (line: Line) => object) =>
  forged(file, (line) => (picks(line) ? { ...line, ...change(line) } : line))

export const leftOutOf = (file: string, picks: Pick) => forged(file, (line) => (picks(line) ? undefined : line))

export const is =
  (kind: string): Pick =>
  (line) =>
    line.kind === kind

/** The event that posted a transaction. */
export const postingOf =
  (transactionId: string): Pick =>
  (line) =>
    line.kind === 'event' &&
    (line.transaction as { id: string }).id === transactionId &&
    line.entries?.[0] !== undefined

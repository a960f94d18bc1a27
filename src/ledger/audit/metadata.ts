import { createHash } from 'node:crypto'
import type { EventLine, MetadataLine, Note } from './lines.ts'

/**
 * The metadata of an export, each compared with the salted hash that stands for it in the event before it. A file
 * without a salt is one whose metadata were removed: the hashes are all that is left.
 */
export function metadataAudit(note: Note) {
  const found = { proven: 0, removed: 0 }
  let salt: Buffer | undefined
  let event: EventLine | undefined
  /** The hashes of the last event for which no metadata has come, by transaction or part. */
  let awaited = new Map<string, string>()

  /** The transaction is named for its parts too. */
  function report(kind: string, id: string, message: string): void {
    const whole = event?.transaction?.id
    const part = id === whole ? '' : ` of part ${id}`
    note(kind, `the metadata${part} beside event ${event?.cursor} ${message}`, whole)
  }

  function finish(): void {
    for (const id of awaited.keys()) report('metadata_missing', id, 'are missing, whose hash it has sealed')
    awaited = new Map()
  }

  return {
    found,

    begin(hexSalt: string | undefined): void {
      salt = hexSalt === undefined ? undefined : Buffer.from(hexSalt, 'hex')
    },

    event(next: EventLine): void {
      finish()
      event = next
      for (const { id, metadata } of [...(next.transaction ? [next.transaction] : []), ...next.parts]) {
        if (typeof metadata !== 'string') continue
        if (salt) awaited.set(id, metadata)
        else found.removed += 1
      }
    },

    metadata({ transaction, text }: MetadataLine): void {
      const sealed = awaited.get(transaction)
      if (salt === undefined || sealed === undefined) {
        note('metadata_misplaced', `event ${event?.cursor} has no hash of metadata that follow it`, transaction)
        return
      }
      const hash = createHash('sha256').update(salt).update(text).digest('hex')
      awaited.delete(transaction)
      if (hash === sealed) found.proven += 1
      else report('metadata_differs', transaction, 'are not those whose hash it has sealed')
    },

    /** Misses what the last event should have beside it. */
    finish,
  }
}

import { UnusableFact } from './errors.ts'
import type { Fact } from './port/facts.ts'

/** What a provider tells in words: PostgreSQL keeps no NUL, and no half of a character. */

const LONGEST_REFERENCE = 500
/** What names a thing of the provider's in a fact. */
const REFERENCES = new Set(['reference', 'checkout', 'subscription', 'payment', 'ourId'])

/** The same with every text as it can be kept: what cannot is replaced by U+FFFD. */
export function storable<T>(told: T): T {
  return map(told) as T
}

function map(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD')
  if (Array.isArray(value)) return value.map(map)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, map(member)]))
}

/** Whether a thing can be kept, and so found, under this name. */
export function isUsable(reference: string): boolean {
  const { length } = reference
  return length > 0 && length <= LONGEST_REFERENCE && reference.isWellFormed() && !reference.includes('\0')
}

/**
 * A fact with its texts as they can be kept.
 * @throws UnusableFact where it is about what nothing can be called
 */
export function usable(fact: Fact): Fact {
  assertReferences(fact)
  return storable(fact)
}

function assertReferences(value: unknown): void {
  if (Array.isArray(value)) value.forEach(assertReferences)
  if (!isRecord(value)) return
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && REFERENCES.has(name) && !isUsable(member)) throw refused(name, member)
    // Nobody's money is refused for who they are.
    if (name !== 'customer') assertReferences(member)
  }
}

function refused(name: string, text: string): UnusableFact {
  const shown = JSON.stringify(text.slice(0, 40).toWellFormed())
  const rule = `an id has 1 to ${LONGEST_REFERENCE} characters, no NUL and no unpaired surrogate`
  return new UnusableFact(`the ${name} of the notification has the unusable id ${shown}: ${rule}`)
}

/** A plain object, and so no date. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

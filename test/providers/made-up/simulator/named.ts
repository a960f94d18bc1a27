import type { Collection } from '../../../../src/sandbox/collection.ts'
import type { World } from '../../../../src/sandbox/store.ts'
import { type Fields, NUMBER } from './fields.ts'
import { notFound } from './refusals.ts'

interface Names {
  /** The field with the provider's own number. */
  readonly number: string
  /** The field that is read where that is missing, which is also the name of a unique key. */
  readonly otherwise: string
}

/** The document that a request names. @throws Refusal where the fields are wrong, and where there is none */
export async function findNamed<T extends object>(
  collection: Collection<T>,
  world: World,
  fields: Fields,
  { number, otherwise }: Names,
): Promise<T> {
  const no = fields.optionalText(number, NUMBER)
  const other = no === undefined ? fields.text(otherwise, NUMBER) : ''
  fields.check()
  const found = await (no === undefined ? collection.findBy(world, otherwise, other) : collection.find(world, no))
  if (!found) throw notFound(number.replace(/_no$/, ''))
  return found
}

import type { NoteTopic } from './adapter.ts'
import { PROVIDERS } from './providers.ts'

/** A description of the API, followed by what each provider has to say on the topic. */
export function withNotes(description: string, topic: NoteTopic): string {
  const notes = Object.values(PROVIDERS).map(({ adapter }) => adapter?.notes[topic])
  return [description, ...notes.filter((note) => note !== undefined)].join(' ')
}

import type { NoteTopic } from './adapter.ts'
import { PROVIDERS, type Providers } from './providers.ts'

interface Noted {
  readonly description: string
  readonly topic: NoteTopic
}

/** What the descriptions of the API were made of, by the text that they came to. */
const made = new Map<string, Noted>()

/** A description of the API, followed by what each provider of the product has to say on the topic. */
export function withNotes(description: string, topic: NoteTopic): string {
  const text = textOf(PROVIDERS, { description, topic })
  made.set(text, { description, topic })
  return text
}

/** The description that a gateway with these providers has instead. One without notes stays as it is. */
export function withNotesOf(providers: Providers, text: string): string {
  const noted = made.get(text)
  return noted ? textOf(providers, noted) : text
}

function textOf(providers: Providers, { description, topic }: Noted): string {
  const notes = Object.values(providers).map(({ adapter }) => adapter?.notes[topic])
  return [description, ...notes.filter((note) => note !== undefined)].join(' ')
}

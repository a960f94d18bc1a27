import type { ParseArgsConfig } from 'node:util'
import type { Config } from '../config.ts'

/** One command of the command line. What it needs to run is read only when it runs, so that help is quick. */
export interface Command {
  /** The words that call it. */
  readonly name: string
  /** What --help prints. */
  readonly usage: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** What must follow without a name, by the names under which it is among the values. */
  readonly positionals?: readonly string[]
  run(config: Config, values: Values): Promise<void>
}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What was asked for is nothing that we can do: printed with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** For a command whose database keeps it waiting: its answer goes to standard output, this does not. */
export function sayOnWait(what: string): void {
  process.stderr.write(`tollgate: ${what}\n`)
}

export function textOf(value: Values[string]): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

export function oneOf<Word extends string>(words: readonly Word[], option: string, value: Values[string]): Word {
  const word = words.find((known) => known === textOf(value)?.toUpperCase())
  if (!word) throw new UsageError(`--${option} must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
  return word
}

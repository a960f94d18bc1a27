import { quoted } from './catalog.ts'

/**
 * What a session of the server is set to, so that no default of the server, the database or the role changes what a
 * statement means. Left as they are: what makes a statement only faster or slower, and default_transaction_read_only,
 * by which an operator keeps everybody from writing.
 */
const MEANING: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  timezone_abbreviations: 'Default',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmloption: 'content',
  xmlbinary: 'base64',
  default_text_search_config: 'pg_catalog.simple',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  transform_null_equals: 'off',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  check_function_bodies: 'on',
  exit_on_error: 'off',
  gin_fuzzy_search_limit: '0',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
}

/** Settings that only newer servers have. */
const MEANING_SINCE_17: Readonly<Record<string, string>> = { transaction_timeout: '0' }

export const DEFAULT_SCHEMA = 'public'

export interface SessionWish {
  readonly schema: string | undefined
  /** What the address asks for. It does not change what we fix. */
  readonly asked: Readonly<Record<string, string>>
  /** What one kind of work wants, such as a statement_timeout. */
  readonly own: Readonly<Record<string, string>>
}

/** What a session is set to, and the statements that do it. */
export class Session {
  readonly #settings: Readonly<Record<string, string>>

  constructor({ schema = DEFAULT_SCHEMA, asked, own }: SessionWish) {
    // No other schema: a name that is missing in ours must not be found elsewhere, in another Tollgate's tables.
    const search_path = `${quoted(schema)}, pg_temp`
    this.#settings = { ...asked, ...MEANING, search_path, ...own }
  }

  /** What sets the session for as long as the connection is open, as columns of a SELECT. */
  forConnection(): string[] {
    const settings = Object.entries(this.#settings).map(([name, value]) => set(name, value))
    const newer = Object.entries(MEANING_SINCE_17).map(
      ([name, value]) => `CASE WHEN current_setting(${literal(name)}, true) IS NOT NULL THEN ${set(name, value)} END`,
    )
    return [...settings, ...newer]
  }

  /** A BEGIN that sets the session for its transaction. No part takes a snapshot: the isolation can still be chosen. */
  begin(text: string): string {
    // The default is read by BEGIN itself, before anything could be set.
    const begin = /isolation/i.test(text) ? text : `${text} ISOLATION LEVEL READ COMMITTED`
    const settings = Object.entries(this.#settings).map(
      ([name, value]) => `SET LOCAL ${quoted(name)} = ${name === 'search_path' ? value : literal(value)}`,
    )
    return [begin, ...settings].join('; ')
  }
}

/** The settings in libpq's `options`: -c name=value, -cname=value and --name=value, blanks escaped by a backslash. */
export function settingsIn(options: string): Record<string, string> {
  const words = (options.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => word.replace(/\\(.)/g, '$1'))
  const settings: Record<string, string> = {}
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const pair = word === '-c' ? words.shift() : word.replace(/^(-c|--)/, '')
    const [, name, value] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(pair ?? '') ?? []
    if (name !== undefined && value !== undefined) settings[name.replaceAll('-', '_').toLowerCase()] = value
  }
  return settings
}

/** The first schema that a search path names. */
export function schemaIn(path: string | undefined): string | undefined {
  const [, inQuotes, plain] = /^\s*(?:"((?:[^"]|"")+)"|([^\s,"]+))/.exec(path ?? '') ?? []
  return inQuotes?.replaceAll('""', '"') ?? plain?.toLowerCase()
}

function set(name: string, value: string): string {
  return `set_config(${literal(name)}, ${literal(value)}, false)`
}

/** Also right where a backslash is an escape, which it is until standard_conforming_strings is set. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

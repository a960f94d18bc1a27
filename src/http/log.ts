import pino from 'pino'

export type Log = pino.Logger

export interface LogOptions {
  readonly level: string
  /** One coloured line for people instead of JSON for machines. */
  readonly pretty: boolean
  /** Where the lines go; standard output when absent. */
  readonly destination?: pino.DestinationStream
}

export function createLog(options: LogOptions): Log {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true })
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (facts) => redact(facts) as Record<string, unknown>,
      },
      serializers: { err: (error) => redact({ ...pino.stdSerializers.err(error) }) },
    },
    options.pretty ? { write: (line) => destination.write(prettyLine(line)) } : destination,
  )
}

/** What must never reach a log, by the name it stands under. */
const SECRET_NAME =
  /^(authorization|x-api-key|api-?key|cookie|set-cookie|client-?secret|credentials|password|secret|secret-?key|webhook-?secret)$/i

const DEEPEST = 6

/** A copy in which everything under a secret's name is hidden; the same object when there is nothing to hide. */
function redact(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || depth > DEEPEST) return value
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  let copy: Record<string, unknown> | undefined
  for (const [name, inner] of Object.entries(value)) {
    const shown = SECRET_NAME.test(name) ? '[redacted]' : redact(inner, depth + 1)
    if (shown === inner) continue
    copy ??= { ...value }
    copy[name] = shown
  }
  return copy ?? value
}

const COLOURS: Readonly<Record<string, number>> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31, fatal: 31 }

interface LoggedError {
  message?: string
  stack?: string
}

/** One JSON line as a line for people: time of day, level, message, then what else the line says as name=value. */
export function prettyLine(json: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(json) as Record<string, unknown> & { err?: LoggedError }
  const facts = Object.entries(rest)
    .map(([name, value]) => ` ${dim(`${name}=`)}${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
  const trouble = err ? `\n  ${err.stack ?? err.message ?? ''}` : ''
  const shownLevel = coloured(String(level).padEnd(5), COLOURS[String(level)] ?? 0)
  return `${dim(String(time).slice(11, 23))} ${shownLevel} ${msg ?? ''}${facts}${trouble}\n`
}

function coloured(text: string, colour: number): string {
  return `\u001b[${colour}m${text}\u001b[0m`
}

function dim(text: string): string {
  return coloured(text, 90)
}

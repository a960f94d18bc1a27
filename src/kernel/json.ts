/** Deeper than anything that the API, a provider or a merchant's own data has a use for. */
export const JSON_DEPTH_AT_MOST = 32

const FAULTS_AT_MOST = 10

export const DEPTH_RULE = `must not be nested more than ${JSON_DEPTH_AT_MOST} levels deep`
export const TEXT_RULE = 'must not contain a NUL character or half of a surrogate pair'
export const NUMBER_RULE = 'must be sent as text: JSON cannot hold this number exactly'

/** One thing in a JSON value that cannot be kept as it was sent. */
export interface JsonFault {
  readonly path: readonly string[]
  readonly message: string
}

/** JSON that is nested more deeply than any reader of ours goes. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep'

  constructor() {
    super(DEPTH_RULE)
  }
}

/**
 * Reads JSON that comes from outside. What walks through a value calls itself at each level, so a deep one would use
 * up the stack.
 * @throws SyntaxError when it is not JSON, TooDeep when it is nested too deeply
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (faultsIn(value).some(({ message }) => message === DEPTH_RULE)) throw new TooDeep()
  return value
}

/**
 * The same JSON with every number that a double would round in a form that `faultsIn` refuses. What is no JSON is left
 * to whoever reads it.
 */
export function markInexactNumbers(text: string): string {
  if (!MAY_BE_INEXACT.test(text) || !isJson(text)) return text
  return text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') || isExact(token) ? token : TOO_LARGE))
}

/** Every number of 15 digits and no exponent is exact. */
const MAY_BE_INEXACT = /[\d.]{16}|\d[eE][+-]?\d/
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g
/** Read as infinity. */
const TOO_LARGE = '1e999'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether a number as JSON has it is the very one that is read from it: 12.50 is, and 0.1, but not a longer one. */
export function isExact(number: string): boolean {
  const [digits, power] = partsOf(number)
  const [readDigits, readPower] = partsOf(String(Number(number)))
  return digits === readDigits && (digits === '' || power === readPower)
}

/** The digits of a number without the zeros around them, and the power of ten of the last one. */
function partsOf(number: string): [digits: string, power: number] {
  const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number)
  if (!match) return [number, 0]
  const [, whole = '', fraction = '', exponent = '0'] = match
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = withoutZeros(digits)
  return [significant, Number(exponent) - fraction.length + digits.length - significant.length]
}

function withoutZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

interface Place {
  readonly path: readonly string[]
  readonly value: unknown
}

/** What in a value cannot be kept as it was sent, the first ten of them. Goes level by level, without calling itself. */
export function faultsIn(value: unknown): JsonFault[] {
  const faults: JsonFault[] = []
  let level: Place[] = [{ path: [], value }]
  for (let depth = 0; level.length > 0; depth++) {
    const tooDeep = depth >= JSON_DEPTH_AT_MOST ? level.find(({ value }) => isCompound(value)) : undefined
    if (tooDeep) return [...faults, { path: tooDeep.path.slice(0, 1), message: DEPTH_RULE }]
    const next: Place[] = []
    for (const place of level) {
      const message = faultOf(place.value)
      if (message !== undefined && faults.length < FAULTS_AT_MOST) faults.push({ path: place.path, message })
      for (const member of membersOf(place)) next.push(member)
    }
    level = next
  }
  return faults
}

function membersOf({ path, value }: Place): Place[] {
  if (!isCompound(value)) return []
  return Object.entries(value).map(([key, member]) => ({ path: [...path, key], value: member }))
}

function isCompound(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : TEXT_RULE
  if (typeof value !== 'number') return undefined
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? NUMBER_RULE : undefined
}

/** PostgreSQL keeps neither a NUL nor a lone surrogate in its text and JSON. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

import type { z } from 'zod'
import { DomainError, type ErrorCode, type Problem } from './errors.ts'

/** The input as the schema reads it; every bad field at once as a DomainError otherwise. */
export function validate<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { reportInput: true, error: rule })
  if (result.success) return result.data
  const [first, ...rest] = result.error.issues.map(problemFrom)
  if (!first) throw new Error('validation failed without an issue')
  throw new DomainError(first, ...rest)
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  date: 'a moment',
}
const UNITS: Readonly<Record<string, string>> = { string: 'character', array: 'element' }

/** What a field must be, where its schema does not say it in words of its own. */
function rule(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined || issue.input === null) return 'is required'
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_big') return limit('at most', issue.maximum, UNITS[issue.origin])
  if (issue.code === 'too_small') return limit('at least', issue.minimum, UNITS[issue.origin])
  return undefined
}

/** `must be at most 5`, `must have at least 1 element` */
function limit(rule: string, count: number | bigint, unit: string | undefined): string {
  return unit === undefined
    ? `must be ${rule} ${count}`
    : `must have ${rule} ${count} ${unit}${Number(count) === 1 ? '' : 's'}`
}

function problemFrom(issue: z.core.$ZodIssue): Problem {
  return { code: codeFrom(issue), message: issue.message, field: issue.path.map(String) }
}

function codeFrom(issue: z.core.$ZodIssue): ErrorCode {
  const declared = issue.code === 'custom' ? issue.params?.code : undefined
  if (declared) return declared as ErrorCode
  const isMissing = issue.input === undefined || issue.input === null
  if (isMissing && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'REQUIRED'
  if (issue.code === 'too_big') return issue.origin === 'string' ? 'TOO_LONG' : 'OUT_OF_RANGE'
  if (issue.code === 'too_small') {
    if (issue.origin !== 'string') return 'OUT_OF_RANGE'
    return issue.minimum === 1 ? 'REQUIRED' : 'TOO_SHORT'
  }
  return 'INVALID'
}

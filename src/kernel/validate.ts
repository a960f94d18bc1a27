import type { z } from 'zod'
import { DomainError, type ErrorCode, type Problem } from './errors.ts'

/** The input as the schema reads it; every bad field at once as a DomainError otherwise. */
export function validate<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { reportInput: true })
  if (result.success) return result.data
  const [first, ...rest] = result.error.issues.map(problemFrom)
  if (!first) throw new Error('validation failed without an issue')
  throw new DomainError(first, ...rest)
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

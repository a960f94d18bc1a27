import type { Context } from 'hono'
import { DuplicateKeyError } from '../collection.ts'

export interface FieldError {
  /** The name as the server's own code spells it: `ProductName` for `productName`. */
  readonly field: string
  readonly message: string
}

type Status = 400 | 401 | 403 | 404 | 409 | 413

/** An answer other than success, thrown from wherever it became clear. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: Status
  readonly errors: readonly FieldError[]

  constructor(status: Status, message: string, errors: readonly FieldError[] = []) {
    super(message)
    this.status = status
    this.errors = errors
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message)
}

export function invalidFields(errors: readonly FieldError[]): ApiError {
  return new ApiError(400, errors.map((error) => error.message).join('; '), errors)
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'invalid or missing authentication token')
}

export function forbidden(message: string): ApiError {
  return new ApiError(403, message)
}

export function notFound(): ApiError {
  return new ApiError(404, 'resource not found')
}

export function conflict(message: string): ApiError {
  return new ApiError(409, message)
}

/** The error as the API answers it; undefined when it is a fault of the simulator. */
export function apiErrorFrom(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof DuplicateKeyError)) return undefined
  const field = fieldName(error.key)
  return invalidFields([{ field, message: `${field} is already in use` }])
}

export function answerError(c: Context, error: ApiError): Response {
  return c.json(error.errors.length > 0 ? { errors: error.errors } : { error: error.message }, error.status)
}

export function fieldName(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1)
}

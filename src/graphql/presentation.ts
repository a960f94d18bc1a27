import { GraphQLError } from 'graphql'
import { DomainError } from '../kernel/errors.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { asRefusal } from './availability.ts'
import type { Services } from './services.ts'

/** Top-level errors as the world sees them: a code, a message that gives nothing internal away, the request's id. */

/** A document of many small mistakes must not be answered with many times its size. */
const ERRORS_AT_MOST = 10
const MESSAGE_AT_MOST = 300

export type Present = (errors: readonly GraphQLError[], requestId: string) => GraphQLError[]

export function presenter({ log, suggestions }: { log: Services['log']; suggestions: boolean }): Present {
  function present(error: GraphQLError, requestId: string): GraphQLError {
    const { message, code, http } = meaningOf(error, (cause) => {
      log.error({ err: cause, requestId, path: error.path?.join('.') }, 'an operation failed')
    })
    return new GraphQLError(shorten(suggestions ? message : message.replace(SUGGESTION, '')), {
      nodes: error.nodes,
      source: error.source,
      positions: error.positions,
      path: error.path,
      extensions: { code, requestId, ...(http ? { http } : {}) },
    })
  }
  return (errors, requestId) => errors.slice(0, ERRORS_AT_MOST).map((error) => present(error, requestId))
}

function shorten(message: string): string {
  return message.length > MESSAGE_AT_MOST ? `${message.slice(0, MESSAGE_AT_MOST)}…` : message
}

/** Where the schema is not told, it is not told in small pieces either. */
const SUGGESTION = / Did you mean .*\?$/s

export interface Http {
  readonly status?: number
  /** Whether the answer is 200 all the same to a client that asked for application/json, as the specification says. */
  readonly spec?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

interface Meaning {
  readonly message: string
  readonly code: string
  /** The HTTP status and headers, which Yoga reads and does not send. */
  readonly http?: Http | undefined
}

function meaningOf(error: GraphQLError, report: (cause: Error) => void): Meaning {
  const cause = originOf(error)
  if (cause instanceof GraphQLError) {
    // The compiler's own errors may come without extensions.
    const { code, http } = cause.extensions ?? {}
    const known = typeof code === 'string' ? code : 'BAD_USER_INPUT'
    return { message: error.message, code: known, http: http as Http | undefined }
  }
  if (cause instanceof DomainError) return { message: cause.message, code: 'BAD_USER_INPUT' }
  if (cause.name === 'SlowReaderError') return { message: cause.message, code: 'SLOW_READER' }
  const away = unavailable(cause)
  if (away) return { ...meaningOf(asRefusal(away), report), message: away.message }
  if (isDataException(cause)) return { message: 'A value is out of range', code: 'BAD_USER_INPUT' }
  report(cause)
  return { message: 'Something went wrong on our side', code: 'INTERNAL', http: { status: 500 } }
}

function originOf(error: Error): Error {
  return error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error
}

/** Text or a number that PostgreSQL cannot take as the column's type: a NUL, a year that no calendar has, a time zone. */
const DATA_EXCEPTIONS = new Set(['22003', '22007', '22008', '22021', '22023', '22P02', '22P05'])

function isDataException(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && DATA_EXCEPTIONS.has(error.code)
}

/** Gives errors of a request that was not executed their HTTP status; what was executed is answered with 200. */
export function withStatus(errors: readonly GraphQLError[], executed: boolean): readonly GraphQLError[] {
  for (const { extensions } of errors) {
    const http = (extensions.http ?? { status: 400, spec: true }) as Http
    // What is no GraphQL request at all has no GraphQL answer.
    if (executed) delete extensions.http
    else extensions.http = extensions.code === 'BAD_REQUEST' ? { ...http, spec: false } : http
  }
  return errors
}

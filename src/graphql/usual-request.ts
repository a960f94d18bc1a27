import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionResult } from 'graphql'
import { markInexactNumbers } from '../kernel/json.ts'
import { type Asked, type FromDoor, type Params, type Prepare, requestIdOf } from './engine.ts'
import { type Http, type Present, withStatus } from './presentation.ts'

interface Parts {
  readonly prepare: Prepare
  readonly present: Present
  readonly maxBytes: number
}

/**
 * The usual request, a well-formed POST of JSON, answered without the layers that the unusual ones need: they are a
 * third of the time that a page of products takes. Whatever is not executed, for any reason, is left to Yoga, which
 * alone knows the protocol.
 */
export function usualRequests({ prepare, present, maxBytes }: Parts) {
  /** The result of an operation that was executed, also in vain; undefined for one that was not. */
  async function execute(asked: Asked, params: Params): Promise<ExecutionResult | undefined> {
    const prepared = await prepare(asked, params)
    if (!('run' in prepared)) return undefined
    const result = await prepared.run.execute(prepared)
    if (Symbol.asyncIterator in result || !('data' in result || isUnavailable(result))) return undefined
    if (!result.errors) return result
    const errors = present(result.errors, requestIdOf(asked))
    return { ...result, errors: 'data' in result ? withStatus(errors, true) : errors }
  }

  return {
    wants({ method, headers }: IncomingMessage, { asked: { caller }, refusal }: FromDoor): boolean {
      // What the tenant's own endpoint is asked about is asked once, by Yoga.
      if (refusal || (caller.kind === 'key' && caller.terms.clientAuthUrl !== null)) return false
      if (method !== 'POST' || !JSON_TYPE.test(headers['content-type'] ?? '')) return false
      const length = Number(headers['content-length'])
      return length <= maxBytes && (headers.origin === undefined || isOwn(headers)) && typeFor(headers) !== undefined
    },

    /** Answers, or leaves the request to another with its body read. */
    async answer(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<'answered' | 'left'> {
      const body = await read(request)
      const params = paramsFrom(body)
      const result = params && (await execute(asked, params))
      if (!result) {
        Object.assign(request, { body })
        return 'left'
      }
      response.setHeader('content-type', `${typeFor(request.headers)}; charset=utf-8`)
      // As text the body goes out with the head in one write, and Node adds its length.
      response.end(JSON.stringify(sent(result, response)))
      return 'answered'
    },
  }
}

function isUnavailable({ errors }: ExecutionResult): boolean {
  return errors?.[0]?.extensions.code === 'UNAVAILABLE'
}

/** The result as it goes out: what HTTP says of it is in the head of the answer. */
function sent(result: ExecutionResult, response: ServerResponse): ExecutionResult {
  for (const { extensions } of result.errors ?? []) {
    const { status, headers = {} } = (extensions.http ?? {}) as Http
    delete extensions.http
    if ('data' in result) continue
    response.statusCode = status ?? response.statusCode
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  }
  return result
}

const JSON_TYPE = /^application\/json\s*(;\s*charset=utf-8\s*)?$/i
const TYPE = /application\/(?:graphql-response\+)?json|\*\/\*/

/** The type that the client named first. */
function typeFor({ accept = '*/*' }: IncomingHttpHeaders): string | undefined {
  const [first] = TYPE.exec(accept) ?? []
  return first === '*/*' ? 'application/json' : first
}

/** Whether a browser asks from a page of this very address, for which no rights have to be granted. */
function isOwn({ origin, host }: IncomingHttpHeaders): boolean {
  return origin === `http://${host}` || origin === `https://${host}`
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

/** What the body asks for, if it is as it should be in every part. */
function paramsFrom(body: Buffer): Params | undefined {
  if (!isUtf8(body)) return undefined
  try {
    const parsed: unknown = JSON.parse(markInexactNumbers(body.toString('utf8')))
    if (!isObject(parsed)) return undefined
    const { query, operationName, variables, extensions, ...unknown } = parsed
    if (typeof query !== 'string' || Object.keys(unknown).length > 0) return undefined
    if (operationName != null && typeof operationName !== 'string') return undefined
    if (variables != null && !isObject(variables)) return undefined
    if (extensions != null && !isObject(extensions)) return undefined
    return { query, operationName, variables: variables ?? {} }
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

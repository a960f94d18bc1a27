import { z } from 'zod'
import { ProviderAnswerLost, ProviderRefused } from '../errors.ts'
import { asJson, byStatus, callProvider, type ProviderHttp } from '../http.ts'
import type { Connection } from '../port/provider.ts'

export const PROVIDER = 'QBITFLOW'

type Headers = Readonly<Record<string, string>>

/** How QBitFlow is asked: under the connection's key, with every answer read by its shape. */
export type Client = ReturnType<typeof clientOf>

export function clientOf(connection: Connection) {
  const apiKey = credential(connection, 'apiKey')
  const proof = { 'x-api-key': apiKey }
  const http: ProviderHttp = {
    provider: PROVIDER,
    baseUrl: connection.baseUrl,
    fetch: connection.fetch,
    encode: asJson,
    sign: () => proof,
    verdict: byStatus(PROVIDER, messageFrom, fieldsFrom),
  }

  function shaped<T extends z.ZodType>(shape: T, answer: unknown): z.output<T> {
    const parsed = shape.safeParse(answer)
    if (parsed.success) return parsed.data
    const message = `${PROVIDER} answered in an unknown form: ${z.prettifyError(parsed.error)}`
    throw new ProviderAnswerLost({ provider: PROVIDER, message })
  }

  return {
    connection,
    apiKey,

    async call<T extends z.ZodType>(shape: T, method: string, path: string, body?: unknown): Promise<z.output<T>> {
      return shaped(shape, await callProvider(http, method, path, body))
    },

    /** A GET that changes something: its lost answer is in doubt, as that of any write. */
    async act(path: string): Promise<void> {
      await callProvider(http, 'GET', path, undefined, 'write')
    },

    /** The simulator's routes beside its API, which no provider offers. */
    async control(path: string, body: unknown, more: Headers = {}, method = 'POST'): Promise<unknown> {
      const origin = connection.baseUrl.replace(/\/v1$/, '')
      return callProvider(
        { ...http, baseUrl: origin, sign: () => ({ ...proof, ...more }) },
        method,
        `/_sandbox${path}`,
        body,
      )
    },
  }
}

/** What is there after all when a create was refused as a duplicate, or its answer was lost. */
export async function orFind<T>(create: () => Promise<T>, find: () => Promise<T>): Promise<T> {
  try {
    return await create()
  } catch (error) {
    if (!(error instanceof ProviderRefused || error instanceof ProviderAnswerLost)) throw error
    return (await find().catch(orUndefinedWhenMissing)) ?? raise(error)
  }
}

export function orUndefinedWhenMissing(error: unknown): undefined {
  if (error instanceof ProviderRefused && error.failure.providerCode === '404') return undefined
  throw error
}

export function credential(connection: Connection, name: string): string {
  const value = connection.credentials[name]
  if (!value) throw new Error(`the connection with ${PROVIDER} has no ${name}`)
  return value
}

const ErrorBody = z.object({
  error: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
})

function messageFrom(body: unknown): string | undefined {
  const { data } = ErrorBody.safeParse(body)
  return data?.error ?? data?.errors?.map(({ field, message }) => `${field}: ${message}`).join('; ')
}

function fieldsFrom(body: unknown): string[] | undefined {
  return ErrorBody.safeParse(body).data?.errors?.map(({ field }) => field)
}

function raise(error: unknown): never {
  throw error
}

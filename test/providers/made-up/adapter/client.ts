import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { ProviderAnswerLost, ProviderRefused } from '../../../../src/providers/errors.ts'
import { asForm, asJson, callProvider, type Effect, type ProviderHttp } from '../../../../src/providers/http.ts'
import type { Connection } from '../../../../src/providers/port/provider.ts'

export const PROVIDER = 'MADE_UP'

const Envelope = z.object({ code: z.string(), message: z.string(), data: z.unknown() })

/** Nothing was done, and it may be asked for again. */
const NOT_NOW = 'SLOW_DOWN'
/** Nothing is done at all for a while. */
const OUT_OF_ORDER = 'MAINTENANCE'
/** It is refused, and may be accepted later. */
const REFUSED_AT_PRESENT = 'BALANCE_TOO_LOW'

/** Every answer is HTTP 200, and says inside what was done. */
export const verdict: ProviderHttp['verdict'] = (status, _headers, body) => {
  const answer = Envelope.safeParse(body)
  if (status !== 200 || !answer.success) return { is: 'UNCLEAR', why: 'gave an answer in an unknown form' }
  const { code, message } = answer.data
  if (code === 'OK') return { is: 'DONE' }
  if (code === 'SYSTEM_ERROR') return { is: 'UNCLEAR', why: `answered ${code}` }
  const said = { code, message: message || `${PROVIDER} answered ${code}` }
  if (code === NOT_NOW) return { is: 'NOT_NOW', ...said, rateLimited: true }
  if (code === OUT_OF_ORDER) return { is: 'NOT_NOW', ...said }
  return { is: 'REFUSED', ...said, ...(code === REFUSED_AT_PRESENT && { retryable: true }) }
}

type Fields = Readonly<Record<string, string | undefined>>

/** How the provider is asked: form bodies, each signed with the path. */
export type Client = ReturnType<typeof clientOf>

export function clientOf({ baseUrl, fetch, credentials }: Connection) {
  const merchant = credentials.merchant ?? ''
  const signingKey = credentials.signingKey ?? ''
  const http: ProviderHttp = {
    provider: PROVIDER,
    baseUrl,
    fetch,
    encode: asForm,
    sign: ({ path, body }) => ({
      'x-merchant': merchant,
      'x-signature': createHmac('sha256', signingKey).update(`${path}\n${body}`).digest('hex'),
    }),
    verdict,
  }

  return {
    /** Every call is a POST: what it does has to be said. */
    async call<T extends z.ZodType>(shape: T, effect: Effect, path: string, fields: Fields): Promise<z.output<T>> {
      return dataOf(shape, await callProvider(http, 'POST', path, fields, effect))
    },

    /** The simulator's routes beside its API, which no provider offers. */
    async control<T extends z.ZodType>(shape: T, method: string, path: string, body?: object, key?: string) {
      const sign: ProviderHttp['sign'] = (request) => ({
        ...http.sign(request),
        ...(key !== undefined && { 'idempotency-key': key }),
      })
      const beside = { ...http, baseUrl: baseUrl.replace(/\/v1$/, ''), encode: asJson, sign }
      return dataOf(shape, await callProvider(beside, method, `/_sandbox${path}`, body))
    },
  }
}

function dataOf<T extends z.ZodType>(shape: T, answer: unknown): z.output<T> {
  const parsed = shape.safeParse(Envelope.parse(answer).data)
  if (parsed.success) return parsed.data
  const message = `${PROVIDER} answered in an unknown form: ${z.prettifyError(parsed.error)}`
  throw new ProviderAnswerLost({ provider: PROVIDER, message })
}

export function isRefusedWith(error: unknown, code: string): boolean {
  return error instanceof ProviderRefused && error.failure.providerCode === code
}

export function orUndefinedWhenMissing(error: unknown): undefined {
  if (isRefusedWith(error, 'NOT_FOUND')) return undefined
  throw error
}

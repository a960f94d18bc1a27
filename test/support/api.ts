import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

/** The gateway as a merchant's program sees it: GraphQL over HTTP. */
export interface Api {
  /** The data of an operation; raises where the answer has errors. */
  ask<Data>(query: string, variables?: object): Promise<Data>
  /** What a mutation answers; raises where it has user errors. */
  change<Payload>(query: string, input: object): Promise<Payload>
}

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly { readonly message: string }[]
}

export function apiOf(url: string, key: string): Api {
  async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as Answer
    if (errors) throw new Error(`${query} was answered with ${JSON.stringify(errors)}`)
    return data as Data
  }
  return {
    ask,
    async change<Payload>(query: string, input: object) {
      const data = await ask<Record<string, Payload & { userErrors: readonly object[] }>>(query, { input })
      const [payload] = Object.values(data)
      if (!payload || payload.userErrors.length > 0) throw new Error(`${query} was refused: ${JSON.stringify(payload)}`)
      return payload
    },
  }
}

/** One status as a frontend shows it. */
export interface SeenStatus {
  readonly state: string
  readonly final: boolean
  readonly transactionHash: string | null
  readonly cursor: string
}

/** A frontend's live view of one payment, over one WebSocket. */
export interface Watch {
  readonly seen: readonly SeenStatus[]
  /** Settles once so many statuses have come. */
  reaches(count: number): Promise<void>
  /** How it ended: `complete` by the server's own message, or the close code of the socket. */
  readonly ended: Promise<'complete' | number>
  /** Cuts the connection without a goodbye. */
  cut(): void
}

const STATUS = `subscription ($id: ID!, $after: String) {
  transactionStatus(id: $id, after: $after) { state final transactionHash cursor }
}`

/** Watches a checkout with a credential of its own, from the cursor on where one is given. */
export function watchStatus(url: string, credential: string, id: string, after?: string): Watch {
  const seen: SeenStatus[] = []
  const waiting: { count: number; resolve: () => void; reject: (reason: unknown) => void }[] = []
  let socket: WebSocket | undefined
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: { clientSecret: credential },
    retryAttempts: 0,
    webSocketImpl: WebSocket,
    on: { opened: (opened) => (socket = opened as WebSocket) },
  })

  const ended = new Promise<'complete' | number>((resolve, reject) => {
    client.subscribe<{ transactionStatus: SeenStatus }>(
      { query: STATUS, variables: { id, after } },
      {
        next({ data, errors }) {
          if (errors || !data) return reject(new Error(JSON.stringify(errors)))
          seen.push(data.transactionStatus)
          for (const { count, resolve } of waiting) if (seen.length >= count) resolve()
        },
        error: (reason) => (isClose(reason) ? resolve(reason.code) : reject(reason)),
        complete: () => resolve('complete'),
      },
    )
  })
  const endedEarly = ended.then((how) => {
    for (const { count, reject } of waiting) reject(new Error(`ended with ${how} before status ${count}`))
  })
  endedEarly.catch((reason) => {
    for (const each of waiting) each.reject(reason)
  })

  return {
    seen,
    ended,
    reaches: (count) =>
      new Promise((resolve, reject) => {
        if (seen.length >= count) resolve()
        else waiting.push({ count, resolve, reject })
      }),
    cut: () => socket?.terminate(),
  }
}

function isClose(reason: unknown): reason is { code: number } {
  return typeof (reason as { code?: unknown } | undefined)?.code === 'number'
}

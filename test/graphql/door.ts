import type { GraphQLFormattedError } from 'graphql'
import type { App } from '../../src/app.ts'
import { createGraphql, type GraphqlOptions } from '../../src/graphql/yoga.ts'
import type { Mode, Role } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { openDoor as openServerWith } from '../http/house.ts'
import { call, type TestApp, type TestParts, testApp } from '../support/app.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its own query asked for
  readonly data: any
  readonly errors: readonly GraphQLFormattedError[] | undefined
}

type Ask = (query: string, variables?: object, headers?: Record<string, string>) => Promise<Answer>

/** A whole gateway behind a GraphQL door of its own. */
export interface Door {
  readonly house: TestApp
  readonly app: App
  readonly url: string
  /** Asks with a new key. */
  as(mode?: Mode, role?: Role, userId?: string): Promise<Ask & { readonly key: string }>
  /** Asks with any credential, or none. */
  asking(credential: string | undefined): Ask
  close(): Promise<void>
}

export async function openDoor(options: Partial<GraphqlOptions> = {}, parts: TestParts = {}): Promise<Door> {
  const house = await testApp(parts)
  const { app } = house
  const graphql = createGraphql(app, {
    corsOrigins: [],
    publicUrl: 'http://tollgate.test',
    graphiql: true,
    introspection: true,
    ...options,
  })
  const served = await openDoorTo(graphql)
  const { url } = served

  const asking = (credential: string | undefined): Ask => {
    return async (query, variables = {}, headers = {}) => {
      const authorization: Record<string, string> =
        credential === undefined ? {} : { authorization: `Bearer ${credential}` }
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization, ...headers },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await response.json()) as Pick<Answer, 'data' | 'errors'>
      return { status: response.status, headers: response.headers, data, errors }
    }
  }

  return {
    house,
    app,
    url,
    asking,
    async as(mode = 'TEST', role = 'OWNER', userId) {
      const actor = await house.actor(mode)
      const user = userId === undefined ? {} : { userId: encodeId('User', userId) }
      const { secret } = await app.keys.create(call(actor), { name: `a ${role}`, role, ...user })
      if (!secret) throw new Error('a new key has no secret')
      return Object.assign(asking(secret), { key: secret })
    },
    async close() {
      await served.close()
      await house.close()
    },
  }
}

/** The product's own HTTP server in front of a gateway that is there already. */
export async function openDoorTo(graphql: ReturnType<typeof createGraphql>) {
  const { server, url } = await openServerWith({ graphql, graceMs: 0 })
  return { url: `${url}/graphql`, close: server.stop }
}

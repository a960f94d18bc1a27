import { Client, gql, subscriptionExchange } from '@urql/core'
import { type CacheExchangeOpts, cacheExchange } from '@urql/exchange-graphcache'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { type LiveCheckout, openLiveCheckout } from './live-checkout.ts'

/** The line of the manual: the names of the roots, as introspection tells them. */
const LINE: CacheExchangeOpts = {
  schema: {
    __schema: {
      queryType: { name: 'Query' },
      mutationType: { name: 'Mutation' },
      subscriptionType: { name: 'SubscriptionRoot' },
    },
  },
}

/** What comes live is from then on the answer to the query for it. */
const UPDATES: CacheExchangeOpts = {
  updates: {
    SubscriptionRoot: {
      transactionStatus: (_result, { id = null }, cache) => {
        cache.link('Query', 'transactionStatus', { id }, `TransactionStatus:${id}`)
      },
    },
  },
}

type Status = { readonly id: string; readonly state: string; readonly final: boolean } | null

interface Answer {
  readonly transactionStatus: Status
}

const SHOWN = gql<Answer>`query ($id: ID!) { transactionStatus(id: $id) { id state final } }`
const LIVE = gql<Answer>`subscription ($id: ID!) { transactionStatus(id: $id) { id state final } }`

let gateway: OpenGateway
let live: LiveCheckout
beforeAll(async () => {
  gateway = await startGateway()
})
beforeEach(async () => {
  live = await openLiveCheckout(gateway)
})
afterAll(() => gateway.stop())

/** A page with one part that shows the status as the cache has it, and another that watches it until it is final. */
async function watch(options: CacheExchangeOpts) {
  const variables = { id: live.checkout.id }
  const socket = live.connect()
  const overSocket = subscriptionExchange({
    enableAllOperations: true,
    forwardSubscription: ({ query = '', variables = {} }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe(
          { query, variables: { ...variables } },
          {
            next: (result) => sink.next({ data: result.data }),
            error: sink.error,
            complete: sink.complete,
          },
        ),
      }),
    }),
  })
  const client = new Client({
    url: live.httpUrl,
    preferGetMethod: false,
    exchanges: [cacheExchange(options), overSocket],
  })
  await client.query(SHOWN, variables).toPromise()
  const arrived: Status[] = []
  const shown: Status[] = []
  const page = client.query(SHOWN, variables).subscribe(({ data }) => shown.push(data?.transactionStatus ?? null))
  await new Promise<void>((resolve, reject) => {
    client.subscription(LIVE, variables).subscribe(({ data, error }) => {
      if (!data) return reject(error)
      arrived.push(data.transactionStatus)
      if (data.transactionStatus?.final) resolve()
    })
    live.pay().catch(reject)
  })
  page.unsubscribe()
  await socket.dispose()
  return { arrived, shown }
}

describe('Graphcache', () => {
  test('keeps what a subscription brings, told the name of the root', async () => {
    const { arrived, shown } = await watch({ ...LINE, ...UPDATES })

    expect(arrived.at(-1)).toMatchObject({ id: live.checkout.id, state: 'COMPLETED', final: true })
    expect(shown).toEqual([null, ...arrived])
  })

  test('otherwise does not know the updates of the root', async () => {
    const { arrived, shown } = await watch(UPDATES)

    expect(arrived.at(-1)).toMatchObject({ id: live.checkout.id, state: 'COMPLETED', final: true })
    expect(shown).toEqual([null])
  })
})

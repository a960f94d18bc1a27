import { ApolloClient, gql, InMemoryCache, type InMemoryCacheConfig } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { type LiveCheckout, openLiveCheckout } from './live-checkout.ts'

/** The line of the manual: which type Apollo Client is to take for the root of subscriptions. */
const LINE = { subscriptionType: true } as const

/** A subscription that was resumed has another `after`, and is the same field for all that. */
const FIELDS = { transactionStatus: { keyArgs: ['id'] } }

const LIVE = gql`subscription ($id: ID!) { transactionStatus(id: $id) { id state final } }`
const STATUS = gql`fragment Status on TransactionStatus { id state final }`

interface Status {
  readonly id: string
  readonly state: string
  readonly final: boolean
}

let gateway: OpenGateway
let live: LiveCheckout
beforeAll(async () => {
  // Browsers have it, and the client's link looks for it; Node 20 has not.
  vi.stubGlobal('WebSocket', WebSocket)
  gateway = await startGateway()
})
beforeEach(async () => {
  live = await openLiveCheckout(gateway)
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await gateway.stop()
})

/** A page with one part that shows the status as the cache has it, and another that watches it until it is final. */
async function watch(typePolicies: InMemoryCacheConfig['typePolicies']) {
  const { id } = live.checkout
  const socket = live.connect()
  const cache = new InMemoryCache({ typePolicies })
  const client = new ApolloClient({ cache, link: new GraphQLWsLink(socket) })
  const arrived: string[] = []
  const shown: string[] = []
  client
    .watchFragment<Status>({ fragment: STATUS, from: { __typename: 'TransactionStatus', id } })
    .subscribe(({ data, complete }) => complete && shown.push(data.state))
  await new Promise<void>((resolve, reject) => {
    client.subscribe<{ transactionStatus: Status }>({ query: LIVE, variables: { id } }).subscribe({
      next: ({ data, error }) => (data ? arrived.push(data.transactionStatus.state) : reject(error)),
      error: reject,
      complete: resolve,
    })
    live.pay().catch(reject)
  })
  client.stop()
  await socket.dispose()
  return { arrived, shown, stored: cache.extract() }
}

describe('Apollo Client', () => {
  test('keeps what a subscription brings, told the name of the root', async () => {
    const { arrived, shown, stored } = await watch({ SubscriptionRoot: { ...LINE, fields: FIELDS } })
    const { id } = live.checkout

    expect(arrived.at(-1)).toBe('COMPLETED')
    expect(shown).toEqual(arrived)
    expect(stored[`TransactionStatus:${id}`]).toMatchObject({ id, state: 'COMPLETED', final: true })
    expect(stored.ROOT_SUBSCRIPTION).toEqual({
      __typename: 'SubscriptionRoot',
      [`transactionStatus:{"id":"${id}"}`]: { __ref: `TransactionStatus:${id}` },
    })
  })

  test('otherwise takes the root for a Subscription, and does not know its policies', async () => {
    const { stored } = await watch({ SubscriptionRoot: { fields: FIELDS } })
    const { id } = live.checkout

    expect(stored.ROOT_SUBSCRIPTION).toEqual({
      __typename: 'Subscription',
      [`transactionStatus({"id":"${id}"})`]: { __ref: `TransactionStatus:${id}` },
    })
  })
})

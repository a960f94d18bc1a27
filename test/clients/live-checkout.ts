import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { OpenGateway } from '../support/gateway.ts'
import { createCheckout, type OpenedCheckout, simulate } from '../support/storefront.ts'

/** What a frontend is given, with a customer at hand: one checkout of a gateway that serves. */
export interface LiveCheckout {
  readonly httpUrl: string
  readonly checkout: OpenedCheckout
  /** A connection of graphql-ws with the checkout's client secret. */
  connect(): ReturnType<typeof createClient>
  pay(): Promise<void>
}

export async function openLiveCheckout({ url, api }: OpenGateway): Promise<LiveCheckout> {
  const { checkout } = await createCheckout(api)
  const httpUrl = `${url}/graphql`
  const { clientSecret } = checkout
  return {
    httpUrl,
    checkout,
    connect: () =>
      createClient({
        url: httpUrl.replace(/^http/, 'ws'),
        connectionParams: { clientSecret },
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      }),
    pay: () => simulate(api, checkout.id, 'PAY'),
  }
}

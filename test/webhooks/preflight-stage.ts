import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { type Door, openDoor } from '../graphql/door.ts'
import { ledgerApi, type Payload, usd } from '../graphql/ledger-api.ts'
import { type Answer, openReceiver, type Receiver } from '../support/receiver.ts'

/** A payer, a payee, and a server that is asked before money moves; its hooks are gone after each test. */

export let door: Door
export let ask: Awaited<ReturnType<Door['as']>>
export let api: ReturnType<typeof ledgerApi>
export let receiver: Receiver
export const hooks: { readonly id: string; readonly secret: string }[] = []
export let source: string
export let destination: string

/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  beforeAll(async () => {
    door = await openDoor()
    ask = await door.as()
    api = ledgerApi(ask)
    receiver = await openReceiver()
    source = await api.account({}, '100')
    destination = await api.account()
  })
  afterAll(async () => {
    await receiver.close()
    await door.close()
  })
  beforeEach(() => {
    receiver.heard.length = 0
    receiver.answer = answering(204)
  })
  afterEach(async () => {
    for (const { id } of hooks.splice(0)) await api.done(api.change('deleteWebhookEndpoint', 'webhookEndpoint', { id }))
  })
}

export const answering =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_heard, outgoing: ServerResponse) =>
    outgoing.writeHead(status, headers).end(body)

export async function hook(path = '/first', url = receiver.url + path): Promise<{ id: string; secret: string }> {
  const made = await ask(
    `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { webhookEndpoint { id } secret userErrors { message } }
    }`,
    { input: { url, kind: 'PREFLIGHT' } },
  )
  const { webhookEndpoint, secret, userErrors } = made.data.createWebhookEndpoint
  expect(userErrors).toEqual([])
  const one = { id: webhookEndpoint.id, secret }
  hooks.push(one)
  return one
}

export const PAY = `mutation ($input: CreateTransactionInput!) {
  createTransaction(input: $input) {
    object: transaction { id }
    userErrors { __typename code message field ... on PreflightRefusal { status retryable endpointId } }
    replayed
  }
}`

export async function pay(more: object = {}, by = ask): Promise<Payload> {
  const charges = [{ destinationId: destination, subtotal: usd('1') }]
  const input = { accountId: source, total: usd('1'), charges, idempotencyKey: newId(), ...more }
  const { data, errors } = await by(PAY, { input })
  expect(errors).toBeUndefined()
  return data.createTransaction
}

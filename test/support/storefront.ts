import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import type { Api } from './api.ts'

/** The merchant's side of a journey: its shop, and what its programs ask for. */

export const CUSTOMER = { name: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' }
export const ITEM = { name: 'A mug', description: 'Blue, holds tea', price: { amount: '19.99', currency: 'USD' } }

export interface OpenedCheckout {
  readonly id: string
  readonly status: string
  readonly url: string
  readonly clientSecret: string
}

const CREATE = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id status url clientSecret } replayed userErrors { code message field } }
}`

export async function createCheckout(api: Api, input: object = { item: ITEM }) {
  const wanted = { kind: 'PAYMENT', idempotencyKey: randomUUID(), ...input }
  return api.change<{ checkout: OpenedCheckout; replayed: boolean }>(CREATE, wanted)
}

const SIMULATE = `mutation ($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) { checkout { id } userErrors { code message field } }
}`

/** Test mode: what the customer would do on the page. */
export async function simulate(api: Api, checkoutId: string, outcome: string): Promise<void> {
  await api.change(SIMULATE, { checkoutId, outcome, customer: CUSTOMER })
}

/** A checkout as its merchant sees it. */
export interface SeenCheckout {
  readonly status: string
  readonly customer: { readonly id: string; readonly email: string } | null
  readonly payment: {
    readonly id: string
    readonly status: string
    readonly amount: { readonly amount: string }
    readonly ledgerTransactions: { readonly edges: readonly { readonly node: { readonly recipe: string } }[] }
  } | null
  readonly timeline: readonly {
    readonly type: string
    readonly payload: { readonly status?: { readonly state: string } }
  }[]
}

const CHECKOUT = `query ($id: ID!) {
  checkout(by: { id: $id }) {
    status
    customer { id email }
    payment { id status amount { amount } ledgerTransactions(first: 10) { edges { node { recipe } } } }
    timeline { type payload }
  }
}`

export async function readCheckout(api: Api, id: string): Promise<SeenCheckout> {
  return (await api.ask<{ checkout: SeenCheckout }>(CHECKOUT, { id })).checkout
}

/** Every status that the checkout's history holds, oldest first. */
export function statesOf({ timeline }: SeenCheckout): string[] {
  return timeline.flatMap(({ payload }) => payload.status?.state ?? [])
}

export function recipesOf({ payment }: SeenCheckout): string[] {
  return payment?.ledgerTransactions.edges.map(({ node }) => node.recipe) ?? []
}

/** A shop's own web server, to which customers come back. */
export async function openShopfront() {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><link rel="icon" href="data:,"><title>Shop</title><h1>Back in the shop</h1>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Fills in the first page of a checkout and goes on to the payment. */
export async function choose(page: Page, chain: string, coin: string): Promise<void> {
  await page.getByLabel('First name').fill(CUSTOMER.name)
  await page.getByLabel('Last name').fill(CUSTOMER.lastName)
  await page.getByLabel('E-mail address').fill(CUSTOMER.email)
  await page
    .getByRole('group', { name: `On ${chain}` })
    .getByRole('radio', { name: new RegExp(`^${coin} `) })
    .check()
  await page.getByRole('button', { name: 'Continue to payment' }).click()
}

/** Pays what the page asks for. */
export async function pay(page: Page, coin: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^Pay [\\d.,]+ ${coin}$`) }).click()
}

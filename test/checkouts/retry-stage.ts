import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { ADA, ITEM } from '../support/shop.ts'

const PRICES = {
  QBITFLOW: ITEM.price,
  MADE_UP: { amount: '1000', currency: 'JPY' },
} as const
export type Name = keyof typeof PRICES

const FIELDS = `id status url reason expiresAt payment { status amount { amount } suspense { amount } }
  attempts { number status failure { code message retryable } startedAt endedAt } timeline { type }`

interface Checkout {
  readonly id: string
  readonly status: string
  readonly url: string | null
  readonly reason: string | null
  readonly expiresAt: string
  readonly payment: { readonly status: string; readonly amount: { readonly amount: string } } | null
  readonly attempts: readonly {
    readonly number: number
    readonly status: string
    readonly failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | null
    readonly endedAt: string | null
  }[]
  readonly timeline: readonly { readonly type: string }[]
}

interface Answer {
  readonly checkout: Checkout | null
  readonly replayed: boolean
  readonly userErrors: readonly { readonly code: string; readonly field: string[] | null; readonly message: string }[]
}

/** A gateway of the file's own over HTTP, with what a shop does about attempts to pay and about pages. */
export function retryStage() {
  let gateway: OpenGateway
  beforeAll(async () => {
    gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
  })
  afterAll(() => gateway.stop())

  async function ask(name: string, type: string, input: object): Promise<Answer> {
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) {
    checkout { ${FIELDS} } replayed userErrors { code field message } } }`
    return (await gateway.api.ask<Record<string, Answer>>(query, { input }))[name] as Answer
  }

  const create = (provider: Name, more: object = {}) =>
    ask('createCheckout', 'CreateCheckoutInput', {
      idempotencyKey: randomUUID(),
      kind: 'PAYMENT',
      provider,
      item: { ...ITEM, price: PRICES[provider] },
      ...more,
    })
  const retry = (id: string, more: object = {}) => ask('retryCheckout', 'RetryCheckoutInput', { id, ...more })
  const play = (id: string, outcome: string) =>
    ask('simulateCheckout', 'SimulateCheckoutInput', { checkoutId: id, outcome, customer: ADA })

  const CANCEL = 'mutation ($input: CancelCheckoutInput!) { cancelCheckout(input: $input) { userErrors { code } } }'
  const cancel = (id: string) => gateway.api.change(CANCEL, { id })

  /** What a customer does who has a page of QBITFLOW before them, whatever has become of its checkout here. */
  async function playPage(session: string | null, outcome = 'PAY'): Promise<void> {
    const page = `${gateway.url}/sandbox/qbitflow/checkout/${session}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ ...ADA, currencyId: '1' }).toString()
    await fetch(page, { method: 'POST', headers, body, redirect: 'manual' })
    const played = await fetch(`${page}/play`, {
      method: 'POST',
      headers,
      body: `outcome=${outcome}`,
      redirect: 'manual',
    })
    expect(played.status).toBe(303)
  }

  const rowOf = (id: string) =>
    gateway.app.db.prisma.checkout.findFirstOrThrow({ where: { id: decodeId(id)?.uuid ?? '' } })

  /** A checkout of QBITFLOW that was cancelled and retried, and what the provider calls both of its pages. */
  async function openTwice(more: object = {}) {
    const { id } = await open('QBITFLOW', more)
    const first = (await rowOf(id)).externalId ?? ''
    await cancel(id)
    expect(await retry(id)).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
    return { id, first, second: (await rowOf(id)).externalId ?? '' }
  }

  async function open(provider: Name, more: object = {}): Promise<Checkout> {
    const { checkout, userErrors } = await create(provider, more)
    expect(userErrors).toEqual([])
    if (!checkout) throw new Error('there is no checkout')
    return checkout
  }

  async function read(id: string): Promise<Checkout> {
    const query = `query ($id: ID!) { checkout(by: { id: $id }) { ${FIELDS} } }`
    return (await gateway.api.ask<{ checkout: Checkout }>(query, { id })).checkout
  }

  /** The checkout once it is in a status with so many attempts, the last of which is in a state. */
  function comesTo(id: string, status: string, attempts: number, state: string): Promise<Checkout> {
    return eventually(async () => {
      const found = await read(id)
      const last = found.attempts.at(-1)
      return found.status === status && found.attempts.length === attempts && last?.status === state && found
    }, 60_000)
  }

  /** Checkouts over which a customer subscribed twice, which is told as a contradiction. */
  const twice: string[] = []

  async function expectProven(): Promise<void> {
    const { ledger } = await gateway.api.ask<{ ledger: object }>('{ ledger { proof { balanced breaks { message } } } }')
    expect(ledger).toEqual({ proof: { balanced: true, breaks: [] } })
    const where = { type: { endsWith: '.contradicted' }, entityId: { notIn: twice } }
    expect(await gateway.app.db.prisma.event.findMany({ where })).toEqual([])
  }

  return {
    gateway: () => gateway,
    twice,
    create,
    retry,
    play,
    cancel,
    playPage,
    openTwice,
    open,
    read,
    comesTo,
    expectProven,
  }
}

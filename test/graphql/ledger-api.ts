import { expect } from 'vitest'
import type { Answer } from './door.ts'

type Ask = (query: string, variables?: object, headers?: Record<string, string>) => Promise<Answer>

/** What a mutation answered, with whatever was selected of its object. */
export interface Payload {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its own query asked for
  readonly object: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly userErrors: any[]
  readonly replayed: boolean
}

const ERRORS = `userErrors { __typename code field message
  ... on InsufficientFunds { available { amount currency } accountId } ... on AccountFrozen { accountId } }`

let keys = 0

/** The ledger's mutations as a client calls them, each with a key of its own unless one is given. */
export function ledgerApi(ask: Ask) {
  async function change(name: string, object: string, input: object, selection = 'id'): Promise<Payload> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { object: ${object} { ${selection} } ${ERRORS} replayed } }`
    keys += 1
    const { data, errors } = await ask(query, { input: { idempotencyKey: `key ${keys}`, ...input } })
    expect(errors).toBeUndefined()
    return data[name]
  }

  /** The object of a mutation that must not be refused. */
  async function done(payload: Promise<Payload>) {
    const { object, userErrors } = await payload
    expect(userErrors).toEqual([])
    return object
  }

  const self = {
    change,
    done,

    /** A new account's id, with money in it if any is given. */
    async account(input: object = {}, amount?: string): Promise<string> {
      const { id, currency } = await done(
        change('createAccount', 'account', { kind: 'CLIENT', currency: 'USD', ...input }, 'id currency'),
      )
      if (amount !== undefined) await self.fund(id, amount, currency)
      return id
    },

    fund: (accountId: string, amount: string, currency = 'USD') =>
      done(change('fundAccount', 'transaction', { accountId, total: { amount, currency } })),

    /** Pays each destination its part, in one step. */
    pay: (accountId: string, parts: Readonly<Record<string, string>>, more: object = {}, selection = 'id') =>
      change('createTransaction', 'transaction', { ...transfer(accountId, parts), ...more }, selection),

    hold: (accountId: string, parts: Readonly<Record<string, string>>, more: object = {}, selection = 'id') =>
      change('createHold', 'transaction', { ...transfer(accountId, parts), ...more }, selection),

    async see(accountId: string, selection = 'balance { amount } held { amount } available { amount }') {
      const { data, errors } = await ask(`query ($id: ID!) { account(by: { id: $id }) { ${selection} } }`, {
        id: accountId,
      })
      expect(errors).toBeUndefined()
      return data.account
    },
  }
  return self
}

export function usd(amount: string) {
  return { amount, currency: 'USD' }
}

function transfer(accountId: string, parts: Readonly<Record<string, string>>) {
  const charges = Object.entries(parts).map(([destinationId, amount]) => ({ destinationId, subtotal: usd(amount) }))
  const cents = charges.reduce((sum, { subtotal }) => sum + Math.round(Number(subtotal.amount) * 100), 0)
  return { accountId, total: usd((cents / 100).toFixed(2)), charges }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Random } from './random.ts'

/** What was asked for, and whether it was acknowledged: what has to be found afterwards, once. */
export interface Ledger {
  readonly customers: Map<string, Asked>
  readonly transfers: Map<string, Asked>
  readonly checkouts: Map<string, Asked>
  /** Checkouts of which the customer was told that they are paid. */
  readonly paid: Set<string>
}

export interface Asked {
  /** The id that was answered; undefined without an answer. */
  id: string | undefined
}

const CUSTOMER = `mutation ($input: CreateCustomerInput!) {
  createCustomer(input: $input) { customer { id } userErrors { code message } } }`
const ACCOUNT = `mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { account { id } userErrors { code message } } }`
const FUND = `mutation ($input: FundAccountInput!) { fundAccount(input: $input) { userErrors { code message } } }`
const TRANSFER = `mutation ($input: CreateTransactionInput!) {
  createTransaction(input: $input) { transaction { id } userErrors { code message } } }`
const CHECKOUT = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id } userErrors { code message } } }`
const PAY = `mutation ($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) { checkout { id } userErrors { code message } } }`

const usd = (amount: string) => ({ amount, currency: 'USD' })
const BREATH_MS = 20

interface Accounts {
  readonly source: string
  readonly destination: string
}

/** Two accounts, of which the one has more than any run can spend. */
export async function openAccounts(client: Client): Promise<Accounts> {
  const open = async () => idIn(await client.change(ACCOUNT, { kind: 'CLIENT', currency: 'USD' }), 'account') ?? ''
  const accounts = { source: await open(), destination: await open() }
  await client.change(FUND, { accountId: accounts.source, total: usd('1000000') })
  return accounts
}

/** Several programs that ask for one thing after the other, until they are told to end. */
export function startLoad(client: Client, random: Random, { source, destination }: Accounts) {
  const ledger: Ledger = { customers: new Map(), transfers: new Map(), checkouts: new Map(), paid: new Set() }
  let ended = false
  let number = 0

  async function customer(): Promise<void> {
    const email = `chaos.${++number}@example.com`
    const asked = remember(ledger.customers, email)
    asked.id = idIn(await client.change(CUSTOMER, { name: 'Ada', lastName: 'Byron', email }), 'customer')
  }

  async function transfer(): Promise<void> {
    const asked = remember(ledger.transfers, String(++number))
    const total = usd('0.01')
    const input = { accountId: source, total, charges: [{ destinationId: destination, subtotal: total }] }
    asked.id = idIn(await client.change(TRANSFER, input), 'transaction')
  }

  async function checkout(): Promise<void> {
    const name = `Order ${++number}`
    const asked = remember(ledger.checkouts, name)
    const item = { name, description: 'Bought in a storm', price: usd('5') }
    asked.id = idIn(await client.change(CHECKOUT, { kind: 'PAYMENT', item }), 'checkout')
    if (asked.id === undefined) return
    const buyer = { name: 'Ada', lastName: 'Byron', email: `buyer.${number}@example.com` }
    if (await client.act(PAY, { checkoutId: asked.id, outcome: 'PAY', customer: buyer })) ledger.paid.add(asked.id)
  }

  async function program(work: () => Promise<void>): Promise<void> {
    while (!ended) {
      await work()
      await sleep(BREATH_MS + random.below(BREATH_MS))
    }
  }

  const download = async () => {
    await client.download('/exports/data')
    await sleep(2_000)
  }
  const programs = [customer, transfer, transfer, checkout, checkout, download].map(program)
  return {
    ledger,
    /** Lets each program finish what it has begun, for so long. */
    async end(patienceMs: number): Promise<void> {
      ended = true
      const timer = setTimeout(() => client.end(), patienceMs)
      await Promise.all(programs)
      clearTimeout(timer)
    },
  }
}

function remember(asked: Map<string, Asked>, key: string): Asked {
  const entry: Asked = { id: undefined }
  asked.set(key, entry)
  return entry
}

function idIn(payload: Record<string, unknown> | undefined, name: string): string | undefined {
  return (payload?.[name] as { id?: string } | undefined)?.id
}

import { ProviderRefused } from '../errors.ts'
import type { SimulatedAction, Simulation } from '../port/simulation.ts'
import { customerBody } from './catalog.ts'
import type { Client } from './client.ts'
import { faultsOf } from './faults.ts'
import { transactionId } from './refunds.ts'
import { floatOf } from './subscriptions.ts'

/** Test mode: what the customer would do on a page, over the simulator's routes beside its API. */
export function simulationOf(client: Client): Simulation {
  const control = async (path: string, body: object, actId?: string): Promise<void> =>
    void (await client
      .control(path, body, { ...(actId !== undefined && { 'idempotency-key': actId }) })
      .catch(nameField))
  return {
    faults: faultsOf(client),
    play: (actId, checkout, outcome, { currency, customer }) => {
      const body = { outcome, currencySymbol: currency, customer: customer && customerBody(customer) }
      return control(`/sessions/${checkout}/play`, body, actId)
    },
    subscription: (actId, subscription, action, amount) =>
      control(`/subscriptions/${subscription}/${ROUTES[action]}`, bodyOf(action, floatOf(amount)), actId),
    requestRefund: (actId, payment, source, reason) =>
      control('/refunds', { transactionUUID: transactionId(payment, source), reason }, actId),
    answerRefund: (refund, reply) =>
      reply.answer === 'APPROVE'
        ? control(`/refunds/${refund}/approve`, {})
        : control(`/refunds/${refund}/refuse`, { message: reply.message }),
  }
}

/** The simulator's names of fields, and where they stand in the input of the mutation. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  CurrencySymbol: ['currency'],
  Customer: ['customer'],
  Name: ['customer', 'name'],
  LastName: ['customer', 'lastName'],
  Email: ['customer', 'email'],
  PhoneNumber: ['customer', 'phone'],
  Allowance: ['amount'],
  Maximum: ['amount'],
  Price: ['amount'],
  Reason: ['reason'],
  Message: ['message'],
}

/** Several wrong fields are told as the part of the input that they have in common. */
function nameField(error: unknown): never {
  if (!(error instanceof ProviderRefused)) throw error
  const paths = (error.failure.refusedFields ?? []).map((name) => FIELDS[name] ?? [])
  const [first = [], ...others] = paths
  const field = first.filter((part, depth) => others.every((path) => path[depth] === part))
  throw field.length > 0 ? new ProviderRefused({ ...error.failure, field }) : error
}

const ROUTES: Readonly<Record<SimulatedAction, string>> = {
  TOP_UP: 'top-up',
  RAISE_MAXIMUM: 'raise-maximum',
  CONFIRM: 'confirm',
  CANCEL: 'cancel',
  DRAIN: 'drain',
  CHANGE_PRICE: 'price',
}

function bodyOf(action: SimulatedAction, amount: number | undefined): object {
  switch (action) {
    case 'TOP_UP':
    case 'DRAIN':
      return { allowance: amount }
    case 'RAISE_MAXIMUM':
      return { maximum: amount }
    case 'CHANGE_PRICE':
      return { price: amount }
    default:
      return {}
  }
}

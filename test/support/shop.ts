import type { CheckoutRow, PaymentRow } from '../../src/db/rows.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { DomainError } from '../../src/kernel/errors.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { openDoor } from '../http/house.ts'
import { call, eventually, qbitflowOf, type TestApp, type TestParts, testApp } from './app.ts'
import { type TurnableClock, turnableClock } from './clock.ts'

export const ITEM = { name: 'A mug', description: 'Blue, holds tea', price: { amount: '19.99', currency: 'USD' } }
export const ADA = { name: 'Ada', lastName: 'Byron', email: 'ada@example.com' }

/** A gateway whose clock the test turns, with the words that most tests of a shop need. */
export interface Shop extends TestApp {
  readonly clock: TurnableClock
  readonly owner: Actor
  /** A seller's key, whose payments carry this organization fee. */
  seller(organizationFeeBps?: number): Promise<Actor>
  open(input?: object, actor?: Actor): Promise<Done>
  checkout(id: string): Promise<CheckoutRow>
  payment(checkoutId: string): Promise<PaymentRow | null>
  /** Plays the customer and lets the chain do its work. */
  play(id: string, outcome: string, options?: object): Promise<void>
  /** Lets time pass until nothing is due at the simulator any more. */
  pass(by: Parameters<TurnableClock['turn']>[0]): Promise<void>
  /** Lets the next question to the provider become due, and asks it. */
  poll(): Promise<void>
  /** Waits until the payment of a checkout is in this state. */
  reaches(checkoutId: string, state: string): Promise<PaymentRow>
  /** Acts beside the simulator's API, of which the gateway hears nothing. */
  control(path: string, body: object): Promise<void>
  /** Where the product's own HTTP server offers the simulators; it is started when first asked for. */
  sandboxOrigin(): Promise<string>
  /** The event types about a checkout, or in all. */
  announced(topicId?: string): Promise<string[]>
}

export async function openShop(parts: TestParts = {}): Promise<Shop> {
  const clock = turnableClock()
  const house = await testApp({ clock, ...parts })
  const owner = await house.actor()
  const { app } = house
  const { tenantId } = owner
  let door: ReturnType<typeof openDoor> | undefined
  // Kept from before a test puts a wire between the simulator and the gateway.
  const simulator = { ...qbitflowOf(app) }

  const shop: Shop = {
    ...house,
    clock,
    owner,
    async seller(organizationFeeBps = 0) {
      const id = newId()
      const data = { tenantId, id, name: 'Sam', lastName: 'Seller', email: `${id}@shop.example`, role: 'USER' as const }
      await app.db.prisma.user.create({ data: { ...data, organizationFeeBps } })
      return { ...owner, role: 'USER', userId: id }
    },
    open: (input = { item: ITEM }, actor = owner) => app.checkouts.create(call(actor), { kind: 'PAYMENT', ...input }),
    checkout: (id) => checkoutOf(house, tenantId, id),
    payment: (checkoutId) => paymentOf(house, tenantId, checkoutId),
    async play(id, outcome, options = { customer: ADA }) {
      await app.checkouts.simulate(call(owner), { id: encodeId('Checkout', id), outcome, ...options })
      await shop.pass({ seconds: 5 })
    },
    async pass(by) {
      clock.turn(by)
      // A timer of the simulator may have taken a task just now, and what follows from it is still to come.
      await eventually(async () => {
        await app.sandbox.runDue()
        const text = 'SELECT 1 FROM sandbox_task WHERE due_at <= $1 LIMIT 1'
        return (await app.db.query('test.due', text, [clock.now()])).length === 0
      })
    },
    async poll() {
      clock.turn({ minutes: 2 })
      await app.reconciliation.resolveDue()
    },
    async control(path, body) {
      const { apiKey } = await qbitflowOf(app).provision(tenantId)
      const url = `${await shop.sandboxOrigin()}/sandbox/qbitflow/_sandbox${path}`
      const headers = { 'x-api-key': apiKey }
      const method = path === '/organization' ? 'PUT' : 'POST'
      const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
      if (!response.ok) throw new Error(`${path} was answered with ${response.status} ${await response.text()}`)
    },
    async sandboxOrigin() {
      door ??= openDoor({ graceMs: 0, sandboxes: { qbitflow: simulator } })
      return (await door).url
    },
    async close() {
      await (await door)?.server.stop()
      await house.close()
    },
    reaches: (checkoutId, state) =>
      eventually(async () => {
        const payment = await paymentOf(house, tenantId, checkoutId)
        return payment?.status === state && payment
      }),
    async announced(topicId) {
      const where = { tenantId, ...(topicId && { topicId }) }
      const events = await app.db.prisma.event.findMany({ where, orderBy: { cursor: 'asc' } })
      return events.map((event) => event.type)
    },
  }
  return shop
}

function checkoutOf({ app }: TestApp, tenantId: string, id: string): Promise<CheckoutRow> {
  return app.db.prisma.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}

function paymentOf({ app }: TestApp, tenantId: string, checkoutId: string): Promise<PaymentRow | null> {
  return app.db.prisma.payment.findUnique({ where: { tenantId_checkoutId: { tenantId, checkoutId } } })
}

/** What a verb was refused with: each problem as its code and path. */
export async function refusals(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof DomainError)) throw new Error(`it was not refused, but: ${error}`)
  return error.problems.map(({ code, field = [] }) => `${code} ${field.join('.')}`.trim())
}

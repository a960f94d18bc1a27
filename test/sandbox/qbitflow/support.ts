import pg from 'pg'
import { systemClock } from '../../../src/kernel/clock.ts'
import { newId } from '../../../src/kernel/id.ts'
import type { Settings } from '../../../src/sandbox/qbitflow/context.ts'
import { createQbitflowSandbox, type QbitflowSandbox } from '../../../src/sandbox/qbitflow/index.ts'
import { openDoor } from '../../http/house.ts'
import { freshDatabase } from '../../support/database.ts'

export const SECRET = 'a secret for tests'

export interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what each test is about
  readonly body: any
}

/** The simulator behind the product's own HTTP server, with a clock to turn and a list of the webhooks that it sent. */
export interface Playground {
  readonly sandbox: QbitflowSandbox
  readonly pool: pg.Pool
  readonly publicUrl: string
  readonly realm: string
  readonly apiKey: string
  readonly webhookSecret: string
  readonly sent: Sent[]
  /** How the shop answers a webhook. */
  receive: () => Response
  aheadMs: number
  /** Calls the API with the realm's key, or another one; `null` sends none. */
  call(method: string, path: string, body?: unknown, apiKey?: string | null): Promise<Answer>
  play(uuid: string, body: object): Promise<Answer>
  /** Creates a session for a payment of 19.99 and answers its bare UUID. */
  session(fields?: object): Promise<string>
  /** Another server on the same database, as after a restart. */
  restart(settings?: Partial<Settings>): QbitflowSandbox
  /** Moves the clock a minute on, and does what is due by then. */
  passMinute(): Promise<void>
  close(): Promise<void>
}

/** So slow that nothing happens before the test moves the clock. */
export const BY_THE_CLOCK = { broadcastDelayMs: 60_000, confirmationDelayMs: 60_000, webhookRetryMs: 60_000 }

export const PAYER = { name: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' }

export async function startPlayground(settings: Partial<Settings> = {}): Promise<Playground> {
  const database = await freshDatabase()
  const pool = new pg.Pool({ connectionString: database.url, max: 8 })
  let sandbox: QbitflowSandbox | undefined
  const door = await openDoor({
    graceMs: 0,
    sandboxes: {
      qbitflow: {
        fetch: (request) => current().fetch(request),
        knowsCaller: (request) => current().knowsCaller(request),
        hasSocket: (path) => current().hasSocket(path),
        upgrade: (...parts) => current().upgrade(...parts),
      },
    },
  })
  const publicUrl = `${door.url}/sandbox/qbitflow`
  const realm = newId()
  const open: QbitflowSandbox[] = []

  function start(turned: Partial<Settings>): QbitflowSandbox {
    const sandbox = createQbitflowSandbox({
      pool,
      secret: SECRET,
      publicUrl,
      settings: { broadcastDelayMs: 20, confirmationDelayMs: 20, webhookRetryMs: 20, ...turned },
      log: { info: () => {}, warn: () => {}, error: (fields, message) => console.error(message, fields) },
      clock: systemClock,
      clockOf: async () => new Date(Date.now() + playground.aheadMs),
      fetch: async (url, init) => {
        playground.sent.push({ url, headers: init.headers as Record<string, string>, body: String(init.body) })
        return playground.receive()
      },
    })
    open.push(sandbox)
    return sandbox
  }

  const playground: Playground = {
    pool,
    publicUrl,
    realm,
    sent: [],
    aheadMs: 0,
    receive: () => new Response('ok'),
    sandbox: undefined as unknown as QbitflowSandbox,
    apiKey: '',
    webhookSecret: '',
    async call(method, path, body, apiKey = playground.apiKey) {
      const response = await fetch(`${publicUrl}${path}`, {
        method,
        redirect: 'error',
        headers: { 'Content-Type': 'application/json', ...(apiKey ? { 'X-API-Key': apiKey } : {}) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: JSON.parse(text) }
    },
    play: (uuid, body) => playground.call('POST', `/_sandbox/sessions/${uuid}/play`, body),
    async session(fields = {}) {
      const wanted = { productName: 'Espresso machine', description: 'Two boilers, one lever', price: 19.99, ...fields }
      const { body } = await playground.call('POST', '/v1/transaction/session-checkout/new/payment', wanted)
      return body.uuid.slice('pay@'.length)
    },
    restart: start,
    async passMinute() {
      playground.aheadMs += 60_000
      await playground.sandbox.runDue()
    },
    async close() {
      await Promise.all(open.map((sandbox) => sandbox.close()))
      await door.server.stop()
      await pool.end()
      await database.drop()
    },
  }
  function current(): QbitflowSandbox {
    if (!sandbox) throw new Error('the simulator has not started')
    return sandbox
  }

  sandbox = start(settings)
  return Object.assign(playground, { sandbox, ...(await sandbox.provision(realm, 'Alma Coffee')) })
}

/** Waits until `check` gives something; fails after ten seconds. */
export async function until<T>(check: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    const found = await check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  throw new Error('it did not happen within ten seconds')
}

/** Waits until the transaction has this status. */
export function reaches(playground: Playground, uuid: string, status: string): Promise<Answer> {
  return until(async () => {
    const answer = await playground.call('GET', `/v1/transaction/status?txUUID=pay@${uuid}&txType=payment`)
    return answer.body.status === status && answer
  })
}

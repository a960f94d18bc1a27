import { type Answer, PAYER, type Playground } from './support.ts'

export const DAY = 24 * 3_600_000
export const HOOK = 'https://shop.example/hook'
export const MONTHLY = { frequency: { value: 1, unit: 'months' } }

const BEANS = {
  productName: 'Coffee club',
  description: 'A bag of beans, again and again',
  price: 10,
  webhookUrl: HOOK,
}

/** A session for a subscription at 10 USD a month, or for what is paid as it goes; answers its bare UUID. */
export async function planSession(world: Playground, fields: object = {}): Promise<string> {
  const isOlder = 'options' in fields
  const path = `/v1/transaction/session-checkout/${isOlder ? '' : 'new/subscription'}`
  const { body } = await world.call('POST', path, { ...BEANS, ...(isOlder ? {} : MONTHLY), ...fields })
  return bare(body.uuid)
}

/** As planSession, and the customer has authorised it. */
export async function subscribe(world: Playground, fields: object = {}, authorization: object = {}): Promise<string> {
  const uuid = await planSession(world, fields)
  await world.play(uuid, { outcome: 'PAY', currencySymbol: 'USDC', customer: PAYER, ...authorization })
  await pass(world, 3 * 60_000)
  return uuid
}

export function payAsYouGo(price: number, options: object = {}): object {
  return { price, options: { subscriptionType: 'payAsYouGo', ...MONTHLY, ...options } }
}

export function bare(id: string): string {
  return id.slice(id.indexOf('@') + 1)
}

/** Moves the clock on, and does what is due by then. */
export async function pass(world: Playground, ms: number): Promise<void> {
  world.aheadMs += ms
  await world.sandbox.runDue()
}

export async function passUntil(world: Playground, moment: string): Promise<void> {
  world.aheadMs = new Date(moment).getTime() - Date.now()
  await world.sandbox.runDue()
}

export function subscription(world: Playground, uuid: string): Promise<Answer> {
  return world.call('GET', `/v1/transaction/subscription/sub@${uuid}`)
}

export async function statusOf(world: Playground, uuid: string): Promise<string> {
  const { body } = await subscription(world, uuid)
  return body.subscriptionStatus ?? 'gone'
}

/** The dates or amounts of what was billed, the first bill first. */
export async function bills<T>(world: Playground, uuid: string, field: string): Promise<T[]> {
  const { body } = await world.call('GET', `/v1/transaction/subscription/history/${uuid}`, undefined, null)
  return body.map((entry: Record<string, T>) => entry[field]).reverse()
}

/** Plays the customer, and lets the chain confirm it. */
export async function act(world: Playground, uuid: string, verb: string, body: object = {}): Promise<Answer> {
  const answer = await world.call('POST', `/_sandbox/subscriptions/${uuid}/${verb}`, body)
  await pass(world, 5 * 60_000)
  return answer
}

/** The moves that the shop was told of, in the order of their moments. */
export function moves(world: Playground): string[] {
  return world.sent
    .map(({ body }) => JSON.parse(body))
    .filter(({ type }) => type === 'status_transition')
    .sort((a, b) => a.data.updatedAt.localeCompare(b.data.updatedAt))
    .map(({ data }) => `${data.previousStatus} → ${data.currentStatus}`)
}

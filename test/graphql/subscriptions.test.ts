import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { type Door, openDoor } from './door.ts'
import { connect, type Message } from './socket.ts'

let door: Door
const sockets: { terminate(): void }[] = []
beforeAll(async () => {
  door = await openDoor()
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await door.close()
})

const STATUS = `subscription ($id: ID!, $after: String) {
  transactionStatus(id: $id, after: $after) { id state final cursor transactionHash }
}`

async function watch(query: string, variables: object, credential?: string) {
  const peer = await connect(door.url)
  sockets.push(peer.socket)
  await peer.init(credential === undefined ? undefined : { authorization: `Bearer ${credential}` })
  peer.subscribe('1', query, { variables })
  return peer
}

async function openCheckout(): Promise<{ uuid: string; id: string }> {
  const done = await door.app.checkouts.create(call(await door.house.actor()), { kind: 'PAYMENT', item: ITEM })
  return { uuid: done.id, id: encodeId('Checkout', done.id) }
}

async function pay(id: string): Promise<void> {
  await door.app.checkouts.simulate(call(await door.house.actor()), { id, outcome: 'PAY', customer: ADA })
}

/** What came up to the completion. */
async function all(peer: { next(): Promise<Message> }): Promise<{ state: string; cursor: string; final: boolean }[]> {
  const seen = []
  for (;;) {
    const { type, payload } = await peer.next()
    if (type === 'complete') return seen
    if (type === 'error' || payload.errors) throw new Error(JSON.stringify(payload))
    seen.push(payload.data.transactionStatus ?? payload.data.events)
  }
}

const states = (seen: { state: string }[]) => seen.map(({ state }) => state)
const STEPS = ['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED']

test('anyone who has the id sees each change once, and the final one completes the subscription', async () => {
  const { id } = await openCheckout()
  const watching = all(await watch(STATUS, { id }))
  await pay(id)
  const seen = await watching
  expect(states(seen)).toEqual(STEPS)
  expect(seen.map(({ final }) => final)).toEqual([false, false, true])
  expect(seen.at(-1)).toMatchObject({ id, transactionHash: expect.stringMatching(/^0x/) })

  const [first, second, last] = seen
  const resume = async (after?: string) => states(await all(await watch(STATUS, { id, after })))
  expect(await resume(first?.cursor)).toEqual(['WAITING_CONFIRMATION', 'COMPLETED'])
  expect(await resume(second?.cursor)).toEqual(['COMPLETED'])
  expect(await resume(last?.cursor)).toEqual([])
  expect(await resume()).toEqual(['COMPLETED'])
})

test('a watcher who is cut off and comes back with the cursor misses nothing and sees nothing twice', async () => {
  const { id } = await openCheckout()
  const peer = await watch(STATUS, { id })
  await pay(id)
  const first = (await peer.next()).payload.data.transactionStatus
  peer.socket.terminate()
  const rest = await all(await watch(STATUS, { id, after: first.cursor }))
  expect([first.state, ...states(rest)]).toEqual(STEPS)
})

test('one who comes late sees where it stands, then what follows', async () => {
  const { id, uuid } = await openCheckout()
  const early = await watch(STATUS, { id })
  await pay(id)
  await early.next()
  const payment = await door.app.db.prisma.payment.findFirstOrThrow({ where: { checkoutId: uuid } })
  const late = await all(await watch(STATUS, { id: encodeId('Payment', payment.id) }))
  expect(STEPS.slice(-late.length)).toEqual(states(late))
  expect(late.at(-1)?.state).toBe('COMPLETED')
})

test('the holder of a client secret watches that checkout and no other', async () => {
  const [mine, other] = [await openCheckout(), await openCheckout()]
  const secret = door.app.checkouts.clientSecret(mine.uuid)
  const watching = all(await watch(STATUS, { id: mine.id }, secret))
  await pay(mine.id)
  expect(states(await watching)).toEqual(STEPS)
  const refused = await (await watch(STATUS, { id: other.id }, secret)).next()
  expect(refused.payload.errors ?? refused.payload).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  const events = await (await watch('subscription { events { id } }', {}, secret)).next()
  expect(events.payload.errors ?? events.payload).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
})

test('a key of live mode does not watch what is in test mode', async () => {
  const { id } = await openCheckout()
  const { key } = await door.as('LIVE')
  const refused = await (await watch(STATUS, { id }, key)).next()
  expect(refused.payload.errors ?? refused.payload).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
})

test.each([
  ['an unknown checkout', () => ({ id: encodeId('Checkout', newId()) }), 'NOT_FOUND'],
  ['an id of another kind', () => ({ id: encodeId('Product', newId()) }), 'NOT_FOUND'],
  ['a cursor of nothing', async () => ({ id: (await openCheckout()).id, after: 'nonsense' }), 'BAD_USER_INPUT'],
  [
    'a cursor of another event',
    async () => ({ id: (await openCheckout()).id, after: encodeId('Event', newId()) }),
    'BAD_USER_INPUT',
  ],
])('%s is refused', async (_name, variables, code) => {
  const { payload } = await (await watch(STATUS, await variables())).next()
  expect(payload.errors ?? payload).toMatchObject([{ extensions: { code } }])
})

const EVENTS = `subscription ($after: String, $types: [String!]) {
  events(after: $after, types: $types) { type cursor }
}`

test('events resume from the cursor of the list, in its order, without a gap or a repeat', async () => {
  const ask = await door.as()
  const { data } = await ask(
    `{ events(last: 100, orderBy: { field: CURSOR, direction: DESC }) { edges { cursor node { type cursor } } } }`,
  )
  const listed = data.events.edges.reverse() as { cursor: string; node: { type: string; cursor: string } }[]
  expect(listed.length).toBeGreaterThan(5)
  expect(listed.map(({ node }) => node.cursor)).toEqual(listed.map(({ cursor }) => cursor))
  const peer = await watch(EVENTS, { after: listed[2]?.cursor }, ask.key)
  for (const { node } of listed.slice(3)) expect((await peer.next()).payload.data.events).toEqual(node)
})

test('events are narrowed by type, and a type that does not exist is refused', async () => {
  const { key } = await door.as()
  const peer = await watch(EVENTS, { types: ['customer.created'], after: null }, key)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const actor = await door.house.actor()
  await door.app.products.create(call(actor), { name: 'A cup', description: 'Red', price: ITEM.price })
  await door.app.customers.create(call(actor), { name: 'Grace' })
  expect((await peer.next()).payload.data.events.type).toBe('customer.created')
  const refused = await (await watch(EVENTS, { types: ['nothing.happened'] }, key)).next()
  expect(refused.payload.errors ?? refused.payload).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
})

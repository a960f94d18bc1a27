import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVENT_TYPES, EVENTS, type EventType, enumNameOf } from '../../src/events/catalogue.ts'
import type { Shape } from '../../src/events/shape.ts'
import { createGraphql } from '../../src/graphql/yoga.ts'
import { openDoorTo } from '../graphql/door.ts'
import { type Api, apiOf } from '../support/api.ts'
import { call, eventually } from '../support/app.ts'
import { faultsIn } from '../support/event-shape.ts'
import { raiseEverything } from '../support/every-event.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { stageOf } from '../webhooks/stage.ts'

/** Every type of event is raised once and read through its typed fields, and webhooks carry the same. */

let shop: Shop
let api: Api
let door: Awaited<ReturnType<typeof openDoorTo>>
let receiver: Receiver

/** Those of which a delivery is held against the description. */
const SENT = ['checkout.completed', 'payment.completed', 'refund.completed', 'ledger.hold_created'] as const

beforeAll(async () => {
  shop = await openShop()
  receiver = await openReceiver()
  const stage = stageOf(shop, shop.owner)
  await stage.endpoint(receiver.url, { types: [...SENT] })
  const { secret: key = '' } = await shop.app.keys.create(call(shop.owner), { name: 'reader', role: 'OWNER' })
  const graphql = createGraphql(shop.app, {
    corsOrigins: [],
    publicUrl: 'http://tollgate.test',
    graphiql: false,
    introspection: true,
  })
  door = await openDoorTo(graphql)
  api = apiOf(door.url.replace('/graphql', ''), key)
  await raiseEverything(shop)
})
afterAll(async () => {
  await door?.close()
  await receiver?.close()
  await shop?.close()
})

test('there is no type of event that nothing raises, and none is raised that is not in the catalogue', async () => {
  const raised = new Set(await shop.announced())
  expect(EVENT_TYPES.filter((type) => !raised.has(type))).toEqual([])
  expect([...raised].filter((type) => !Object.hasOwn(EVENTS, type))).toEqual([])
})

test('the object of every event that was recorded is as it is described', async () => {
  const events = await shop.app.db.prisma.event.findMany({ where: { tenantId: shop.owner.tenantId } })
  const faults = events.flatMap(({ type, payload }) =>
    faultsIn(EVENTS[type as EventType].object, (payload as { object: unknown }).object, type),
  )
  expect([...new Set(faults)]).toEqual([])
})

/** A selection of every field of a shape. */
function selectionOf(shape: Shape): string {
  const fields = Object.entries(shape.fields).map(([name, { kind }]) => {
    if (kind === 'money') return `${name} { minor currency }`
    if (kind === 'duration') return `${name} { value unit }`
    return typeof kind === 'object' && 'list' in kind ? `${name} ${selectionOf(kind.list)}` : name
  })
  return `{ ${fields.join(' ')} }`
}

interface Seen {
  readonly events: {
    readonly edges: readonly {
      readonly node: {
        readonly eventType: string
        readonly data: { readonly object: Record<string, unknown>; readonly shown: Record<string, unknown> }
      }
    }[]
  }
}

test.each(EVENT_TYPES)('%s is read through the typed fields of its payload', async (type) => {
  const { object } = EVENTS[type]
  const words = enumNameOf(type).toLowerCase().split('_')
  const payload = `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Payload`
  const { events } = await api.ask<Seen>(`{ events(first: 20, eventTypes: [${enumNameOf(type)}]) { edges { node {
    eventType data { object status { state final } ... on ${payload} { shown: ${object.field} ${selectionOf(object)} } } } } } }`)
  expect(events.edges.length).toBeGreaterThan(0)
  for (const { node } of events.edges) {
    expect(node.eventType).toBe(enumNameOf(type))
    // What a webhook leaves out is null here.
    const missing = Object.keys(object.fields).filter((name) => node.data.object[name] === undefined)
    const nothing = missing.map((name) => [name, Array.isArray(node.data.shown[name]) ? [] : null])
    expect(node.data.shown).toEqual({ ...Object.fromEntries(nothing), ...node.data.object })
  }
})

interface Sent {
  readonly type: EventType
  readonly entity: { readonly id: string }
  readonly data: { readonly object: { readonly id: string } }
}

test('webhooks carry objects of the same description', async () => {
  const heard = (): Sent[] => receiver.heard.map(({ body }) => JSON.parse(body))
  const bodies = await eventually(async () => {
    await stageOf(shop, shop.owner).settle()
    const all = heard()
    return new Set(all.map(({ type }) => type)).size === SENT.length && all
  })
  expect(new Set(bodies.map(({ type }) => type))).toEqual(new Set(SENT))
  for (const { type, data, entity } of bodies) {
    expect(faultsIn(EVENTS[type].object, data.object)).toEqual([])
    expect(entity.id).toBe(data.object.id)
  }
})

test('documents that name types and read payloads as before still run, and both ways of filtering agree', async () => {
  const { old, filtered, both } = await api.ask<
    Record<string, { edges: { node: { type: string } }[]; totalCount: number }>
  >(`{
    old: events(types: ["payment.completed"]) { totalCount edges { node { type payload } } }
    filtered: events(filter: { eventTypes: [PAYMENT_COMPLETED] }) { totalCount }
    both: events(eventTypes: [PAYMENT_COMPLETED, PAYMENT_FAILED], filter: { types: ["payment.completed"] }) { totalCount }
  }`)
  expect(old?.edges[0]?.node.type).toBe('payment.completed')
  expect([filtered?.totalCount, both?.totalCount]).toEqual([old?.totalCount, old?.totalCount])
})

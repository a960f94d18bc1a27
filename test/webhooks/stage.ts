import { Webhook } from 'standardwebhooks'
import { expect } from 'vitest'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually, type TestApp } from '../support/app.ts'
import type { Heard, Receiver } from '../support/receiver.ts'

/** A tenant with endpoints, and something that happens to it. */
export function stageOf({ app }: Pick<TestApp, 'app'>, actor: Actor) {
  const { tenantId } = actor
  const { prisma } = app.db
  let customers = 0

  const stage = {
    /** An endpoint, and the secret that it was shown with. */
    async endpoint(url: string, input: object = {}): Promise<{ id: string; uuid: string; secret: string }> {
      const done = await app.webhooks.create(call(actor), { url, kind: 'EVENT', ...input })
      return { id: encodeId('WebhookEndpoint', done.id), uuid: done.id, secret: done.secret ?? '' }
    },

    customer(): Promise<Done> {
      customers += 1
      const email = `${customers}.${tenantId}@example.com`
      return app.customers.create(call(actor), { name: 'Ada', lastName: 'Byron', email })
    },

    /** Changes a customer: one event more of the same entity. */
    rename: (id: string, name: string) => app.customers.update(call(actor), { id: encodeId('Customer', id), name }),

    /** Turns the tenant's clock, and lets what has become due be sent. */
    async turn(minutes: number): Promise<void> {
      const { clockAheadMs } = await prisma.tenant.findUniqueOrThrow({ where: { id: tenantId } })
      const data = { clockAheadMs: clockAheadMs + BigInt(Math.round(minutes * 60_000)) }
      await prisma.tenant.update({ where: { id: tenantId }, data })
      await stage.settle()
    },

    async settle(): Promise<void> {
      await app.webhooks.deliverDue()
      await app.webhooks.idle()
    },

    deliveries: () =>
      prisma.webhookDelivery.findMany({
        where: { tenantId },
        orderBy: [{ cursor: 'asc' }, { id: 'asc' }],
        include: { attempts: { orderBy: { id: 'asc' } } },
      }),

    async only() {
      const [delivery, ...others] = await stage.deliveries()
      if (!delivery || others.length > 0) throw new Error(`there are ${others.length + 1} deliveries`)
      return delivery
    },

    /** Waits until every delivery is over. */
    over: () =>
      eventually(
        async () => (await prisma.webhookDelivery.count({ where: { tenantId, status: 'PENDING' } })) === 0,
        15_000,
      ),

    /** Waits until a delivery has had so many tries in all. */
    tried: (times: number) =>
      eventually(async () => (await prisma.webhookAttempt.count({ where: { tenantId } })) >= times),
  }
  return stage
}

export type Stage = ReturnType<typeof stageOf>

/** What was sent, proven with each of these secrets by the library that receivers use. */
export function verified({ body, headers }: Heard, ...secrets: readonly string[]): Record<string, unknown> {
  const shown = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  const [message] = secrets.map((secret) => new Webhook(secret).verify(body, shown))
  expect(message).toBeTypeOf('object')
  return message as Record<string, unknown>
}

/** What belongs together, each group in the order in which it stands. */
export function groupsOf<T>(all: readonly T[], nameOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const each of all) groups.set(nameOf(each), [...(groups.get(nameOf(each)) ?? []), each])
  return [...groups.values()]
}

/** The types of event that a receiver was told of, in order. */
export function typesOf({ heard }: Pick<Receiver, 'heard'>): string[] {
  return heard.map(({ body }) => String(JSON.parse(body).type))
}

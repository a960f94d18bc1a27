import { describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import type { Received } from '../../src/inbox/service.ts'
import { newId } from '../../src/kernel/id.ts'
import { eventually, openApp } from '../support/app.ts'
import { messages, paidUnheard, postingsOf, receive, setStage, shop, signed, wire } from './stage.ts'

setStage()

const applied = (count: number) =>
  eventually(
    async () => (await shop.app.db.prisma.inboxMessage.count({ where: { appliedAt: { not: null } } })) >= count,
  )

const withHeader = (received: Received, header: string, value: string): Received => {
  const headers = new Headers(received.headers)
  headers.set(header, value)
  return { ...received, headers }
}

test('each notification three times and the last first make one payment and one posting', async () => {
  const { id, created, waiting, completed } = await paidUnheard()
  for (const each of [completed, created, completed, waiting, created, completed, waiting, created, waiting]) {
    expect(await receive(each)).toEqual({ status: 200, body: { received: true } })
  }
  await applied(3)
  expect(await messages()).toHaveLength(3)
  const payment = await shop.reaches(id, 'COMPLETED')
  expect(await postingsOf(payment.id)).toBe(1)
  expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
  const announced = await shop.announced(id)
  expect(announced.filter((type) => type === 'payment.completed')).toHaveLength(1)
  expect(announced.at(-1)).toBe('checkout.completed')
  expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
})

test('all of them at the same moment make one payment and one posting', async () => {
  const { id, created, waiting, completed } = await paidUnheard()
  const all = Array.from({ length: 8 }, () => [completed, waiting, created]).flat()
  const answers = await Promise.all(all.map(receive))
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
  const payment = await shop.reaches(id, 'COMPLETED')
  expect(await postingsOf(payment.id)).toBe(1)
  expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
})

test('the steps on the way are shown as they are told', async () => {
  const { id, created, waiting, completed } = await paidUnheard()
  for (const [message, state] of [
    [created, 'CREATED'],
    [waiting, 'WAITING_CONFIRMATION'],
    [completed, 'COMPLETED'],
  ] as const) {
    await receive(message)
    await shop.reaches(id, state)
  }
  const steps = (await shop.announced(id)).filter((type) => type.startsWith('payment.'))
  expect(steps).toEqual(['payment.created', 'payment.waiting_confirmation', 'payment.completed'])
})

describe('a notification that is not the provider’s is refused and not stored:', () => {
  test.each([
    ['a body that was changed', (of: Received) => ({ ...of, rawBody: of.rawBody.replace('completed', 'failed') })],
    ['a wrong signature', (of: Received) => withHeader(of, 'x-webhook-signature-256', `sha256=${'0'.repeat(64)}`)],
    ['no signature', (of: Received) => ({ ...of, headers: new Headers() })],
    ['another time than was signed', (of: Received) => withHeader(of, 'x-webhook-timestamp', '1700000000')],
    ['a time that is none', (of: Received) => withHeader(of, 'x-webhook-timestamp', 'soon')],
    ['a body that is no JSON', (of: Received) => ({ ...of, rawBody: '{' })],
  ])('%s', async (_, forge) => {
    const { id, completed } = await paidUnheard()
    const before = (await messages()).length
    expect(await receive(forge(completed))).toMatchObject({ status: 400 })
    expect(await messages()).toHaveLength(before)
    expect(await shop.payment(id)).toBeNull()
  })

  test('one that is older than five minutes', async () => {
    const { completed } = await paidUnheard()
    const before = (await messages()).length
    shop.clock.turn({ minutes: 6 })
    expect(await receive(completed)).toMatchObject({ status: 400 })
    expect(await messages()).toHaveLength(before)
  })
})

test('an inbox that is nobody’s is not found', async () => {
  const { completed } = await paidUnheard()
  for (const other of [newId(), shop.owner.tenantId, 'nobody', '']) {
    expect(await receive({ ...completed, connectionId: other })).toMatchObject({ status: 404 })
  }
  expect(await receive({ ...completed, provider: 'qfpay' })).toMatchObject({ status: 404 })
})

describe('a message that cannot be applied yet', () => {
  /** Makes the checkout one whose opening is still to be recorded. */
  async function forgetOpening(id: string) {
    const where = { tenantId_id: { tenantId: shop.owner.tenantId, id } }
    const { externalId, url } = await shop.checkout(id)
    await shop.app.db.prisma.checkout.update({ where, data: { status: 'OPENING', externalId: null, url: null } })
    return () => shop.app.db.prisma.checkout.update({ where, data: { status: 'OPEN', externalId, url } })
  }

  test('because its checkout is still being recorded is applied once it is', async () => {
    const { id, completed } = await paidUnheard()
    const record = await forgetOpening(id)
    expect(await receive(completed)).toMatchObject({ status: 200 })
    await eventually(async () => (await messages()).at(-1)?.error?.includes('no checkout has the id'))
    await record()
    shop.clock.turn({ seconds: 60 })
    expect(await shop.app.inbox.applyDue()).toBe(1)
    await shop.reaches(id, 'COMPLETED')
  })

  test('because the provider is away is applied by another node, after a while', async () => {
    const { id, completed } = await paidUnheard()
    wire.fault = ({ method }) => (method === 'GET' ? { status: 503 } : undefined)
    await receive(completed)
    await eventually(async () => (await messages()).at(-1)?.error)
    wire.fault = undefined
    const other: App = await openApp(shop.databaseUrl, { clock: shop.clock })
    try {
      expect(await other.inbox.applyDue()).toBe(0)
      shop.clock.turn({ seconds: 60 })
      const both = await Promise.all([other.inbox.applyDue(), shop.app.inbox.applyDue()])
      expect(both.toSorted()).toEqual([0, 1])
      expect(await postingsOf((await shop.reaches(id, 'COMPLETED')).id)).toBe(1)
    } finally {
      await other.close()
    }
  })

  test.each(['expired', 'cancelled'])(
    'but that a page of which nobody has the link is %s is done with',
    async (end) => {
      const page = await signed({ uuid: `pay@${newId()}`, txType: 'payment', status: { status: end } })
      expect(await receive(page)).toMatchObject({ status: 200 })
      const where = { body: page.rawBody, appliedAt: { not: null } }
      const kept = await eventually(() => shop.app.db.prisma.inboxMessage.findFirst({ where }))
      expect(kept).toMatchObject({ nextAttemptAt: null, error: null, attempts: 1 })
    },
  )

  test('holds up no other, and is tried less and less often until it is given up after a day', async () => {
    const stray = await signed({ uuid: `pay@${newId()}`, status: { status: 'created' } })
    expect(await receive(stray)).toMatchObject({ status: 200 })
    const { id, completed } = await paidUnheard()
    await receive(completed)
    await shop.reaches(id, 'COMPLETED')
    const where = { body: stray.rawBody }
    const find = () => shop.app.db.prisma.inboxMessage.findFirstOrThrow({ where })
    for (let hour = 0; hour < 40; hour++) {
      shop.clock.turn({ hours: 1 })
      await shop.app.inbox.applyDue()
    }
    const kept = await find()
    expect(kept).toMatchObject({ appliedAt: null, nextAttemptAt: null })
    expect(kept.attempts).toBeGreaterThan(20)
    expect(kept.error).toContain('no checkout has the id')
  })
})

describe('a proven notification that we cannot read', () => {
  test('such as the provider’s trial of the address is kept and answered, and done with', async () => {
    const trial = await signed({ hello: 'this is a test webhook' })
    expect(await receive(trial)).toMatchObject({ status: 200 })
    const kept = await eventually(async () => {
      const found = await shop.app.db.prisma.inboxMessage.findFirst({ where: { body: trial.rawBody } })
      return found?.error ? found : undefined
    })
    expect(kept).toMatchObject({ nextAttemptAt: null, appliedAt: null })
  })

  test('because its status is new to us is kept until we can, and nothing is guessed from it', async () => {
    const { id } = await shop.open()
    const { externalId } = await shop.checkout(id)
    const novel = await signed({ uuid: `pay@${externalId}`, status: { status: 'halfway' } })
    expect(await receive(novel)).toMatchObject({ status: 200 })
    const kept = await eventually(async () => {
      const found = await shop.app.db.prisma.inboxMessage.findFirst({ where: { body: novel.rawBody } })
      return found?.error ? found : undefined
    })
    expect(kept.error).toContain('halfway')
    expect(kept.nextAttemptAt).not.toBeNull()
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
  })
})

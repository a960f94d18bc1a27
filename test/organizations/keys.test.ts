import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor, Role } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const create = (input: object, actor: Actor = shop.owner) =>
  shop.app.keys.create(call(actor), { name: 'Till', role: 'ADMIN', ...input })
const remove = (id: string, actor: Actor = shop.owner) =>
  shop.app.keys.remove(call(actor), { id: encodeId('ApiKey', id) })
const callerOf = (secret: string | undefined) => shop.app.access.authenticate(secret, 'r1')
const as = (role: Role): Actor => ({ ...shop.owner, role })

describe('a new key', () => {
  test.each(['OWNER', 'ADMIN'] as const)('of the role %s opens its own tenant with that role', async (role) => {
    const { id, secret } = await create({ role })
    expect(secret).toMatch(/^sk_test_[0-9a-z]{30,}$/)
    const { tenantId, organizationId } = shop.owner
    expect(await callerOf(secret)).toEqual({
      kind: 'key',
      actor: {
        ...{ tenantId, organizationId, mode: 'TEST', role, userId: null },
        ...{ apiKeyId: id, requestId: 'r1', preflight: false, clockAheadMs: 0 },
      },
      terms: { rateLimit: 5_000, clientAuthUrl: null },
    })
  })

  test('of a live tenant is a live key', async () => {
    const live = await shop.actor('LIVE')
    const { secret } = await create({}, live)
    expect(secret).toMatch(/^sk_live_/)
    expect(await callerOf(secret)).toMatchObject({ actor: { mode: 'LIVE', tenantId: live.tenantId } })
  })

  test('of the role USER acts for its user, whom it needs', async () => {
    const { userId } = await shop.seller()
    const { secret } = await create({ role: 'USER', userId: encodeId('User', userId ?? '') })
    expect(await callerOf(secret)).toMatchObject({ actor: { role: 'USER', userId } })
    expect(await refusals(create({ role: 'USER' }))).toEqual(['REQUIRED userId'])
    for (const unknown of [encodeId('User', newId()), encodeId('Product', newId()), 'user_1', '']) {
      expect(await refusals(create({ role: 'USER', userId: unknown }))).toEqual(['NOT_FOUND userId'])
    }
  })

  test('acts for no user of another tenant', async () => {
    const { userId } = await shop.seller()
    const input = { role: 'USER', userId: encodeId('User', userId ?? '') }
    expect(await refusals(create(input, await shop.actor('LIVE')))).toEqual(['NOT_FOUND userId'])
  })

  test('shows its secret once: neither a repeat nor the database nor an event has it', async () => {
    const by = call(shop.owner, 'one key')
    const input = { name: 'Till', role: 'ADMIN' }
    const { id, secret = '' } = await shop.app.keys.create(by, input)
    expect(await shop.app.keys.create(by, input)).toEqual({ id, replayed: true })
    const row = await shop.app.db.prisma.apiKey.findFirstOrThrow({ where: { id } })
    expect([row.prefix, row.last4]).toEqual(['sk_test_', secret.slice(-4)])
    const events = await shop.app.db.prisma.event.findMany({ where: { entityId: id } })
    expect(events.map((event) => event.type)).toEqual(['api_key.created'])
    const kept = JSON.stringify([row, events], (_, value) => (typeof value === 'bigint' ? String(value) : value))
    expect(kept).not.toContain(secret.slice(8))
  })

  test('is another one each time', async () => {
    const [first, second] = [await create({}), await create({})]
    expect(first.secret).not.toBe(second.secret)
  })

  test('with bad input is refused field by field', async () => {
    const bad = { name: '', role: 'KING', expiresAt: 'tomorrow' }
    expect((await refusals(create(bad))).sort()).toEqual(['INVALID expiresAt', 'INVALID role', 'REQUIRED name'])
    expect(await refusals(create({ name: 'x'.repeat(101), role: null }))).toEqual(['TOO_LONG name', 'REQUIRED role'])
  })
})

describe('nobody makes or deletes a key above their own rank:', () => {
  test.each([
    ['OWNER', 'OWNER', true],
    ['OWNER', 'ADMIN', true],
    ['ADMIN', 'OWNER', false],
    ['ADMIN', 'ADMIN', true],
    ['USER', 'OWNER', false],
    ['USER', 'ADMIN', false],
  ] as const)('%s makes %s: %s', async (actor, role, allowed) => {
    const made = create({ role }, as(actor))
    if (allowed) expect((await made).secret).toBeDefined()
    else expect(await refusals(made)).toEqual(['FORBIDDEN role'])
  })

  test('an admin deletes an admin’s key and a seller’s, and no owner’s', async () => {
    const { userId } = await shop.seller()
    const seller = await create({ role: 'USER', userId: encodeId('User', userId ?? '') })
    const [owner, admin] = [await create({ role: 'OWNER' }), await create({ role: 'ADMIN' })]
    expect(await refusals(remove(owner.id, as('ADMIN')))).toEqual(['FORBIDDEN id'])
    await remove(admin.id, as('ADMIN'))
    await remove(seller.id, as('ADMIN'))
    expect(await callerOf(owner.secret)).toMatchObject({ kind: 'key' })
  })

  test('a seller makes and deletes keys of its own, and sees no other', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const of = (actor: Actor) => ({ role: 'USER', userId: encodeId('User', actor.userId ?? '') })
    const mine = await create(of(seller), seller)
    expect(await callerOf(mine.secret)).toMatchObject({ actor: { role: 'USER', userId: seller.userId } })
    expect(await refusals(create(of(other), seller))).toEqual(['NOT_FOUND userId'])
    const theirs = await create(of(other))
    expect(await refusals(remove(theirs.id, seller))).toEqual(['NOT_FOUND id'])
    await remove(mine.id, seller)
  })
})

describe('a key that is changed', () => {
  const update = (input: object, actor: Actor = shop.owner) => shop.app.keys.update(call(actor), input)
  const rowOf = (id: string) => shop.app.db.prisma.apiKey.findFirstOrThrow({ where: { id } })

  test('has what was given, keeps what was not, and is announced', async () => {
    const expiresAt = new Date(shop.clock.now().getTime() + 3_600_000)
    const { id, secret } = await create({ expiresAt, rateLimit: 10 })
    const key = encodeId('ApiKey', id)
    await update({ id: key, name: 'Counter', rateLimit: 20 })
    expect(await rowOf(id)).toMatchObject({ name: 'Counter', rateLimit: 20, expiresAt })
    await update({ id: key, expiresAt: null, name: null, rateLimit: null })
    expect(await rowOf(id)).toMatchObject({ name: 'Counter', rateLimit: 20, expiresAt: null })
    expect(await callerOf(secret)).toMatchObject({ terms: { rateLimit: 20 } })
    const events = await shop.app.db.prisma.event.findMany({ where: { entityId: id }, orderBy: { sequence: 'asc' } })
    expect(events.map((event) => event.type)).toEqual(['api_key.created', 'api_key.updated', 'api_key.updated'])
    expect(events[1]?.payload).toMatchObject({ object: { name: 'Counter', rateLimit: 20 } })
  })

  test.each([
    [{ rateLimit: 0 }, 'OUT_OF_RANGE rateLimit'],
    [{ rateLimit: -1 }, 'OUT_OF_RANGE rateLimit'],
    [{ rateLimit: 1.5 }, 'INVALID rateLimit'],
    [{ rateLimit: 1_000_000_001 }, 'OUT_OF_RANGE rateLimit'],
    [{ expiresAt: new Date('2020-01-01T00:00:00Z') }, 'OUT_OF_RANGE expiresAt'],
    [{ name: '' }, 'REQUIRED name'],
    [{ id: encodeId('ApiKey', newId()) }, 'NOT_FOUND id'],
  ])('is refused %o', async (wrong, refusal) => {
    const { id } = await create({})
    expect(await refusals(update({ id: encodeId('ApiKey', id), ...wrong }))).toEqual([refusal])
  })

  test('is not one above the rank of who asks, of another tenant or deleted, nor may a seller set its limit', async () => {
    const owners = await create({ role: 'OWNER' })
    expect(await refusals(update({ id: encodeId('ApiKey', owners.id) }, as('ADMIN')))).toEqual(['FORBIDDEN id'])
    const live = await shop.actor('LIVE')
    expect(await refusals(update({ id: encodeId('ApiKey', owners.id) }, live))).toEqual(['NOT_FOUND id'])
    await remove(owners.id)
    expect(await refusals(update({ id: encodeId('ApiKey', owners.id) }))).toEqual(['NOT_FOUND id'])
    const seller = await shop.seller()
    const mine = { role: 'USER', userId: encodeId('User', seller.userId ?? '') }
    const { id } = await create(mine, seller)
    await update({ id: encodeId('ApiKey', id), name: 'Stall' }, seller)
    const limited = { id: encodeId('ApiKey', id), rateLimit: 9_000 }
    expect(await refusals(update(limited, seller))).toEqual(['FORBIDDEN rateLimit'])
    expect(await refusals(create({ ...mine, rateLimit: 9_000 }, seller))).toEqual(['FORBIDDEN rateLimit'])
  })
})

test('a key ends on the system’s clock, so that a test clock that is turned forward locks nobody out', async () => {
  const expiresAt = new Date(shop.clock.now().getTime() + 3_600_000)
  const { secret } = await create({ expiresAt })
  const where = { id: shop.owner.tenantId }
  await shop.app.db.prisma.tenant.update({ where, data: { clockAheadMs: 30 * 86_400_000 } })
  expect(await callerOf(secret)).toMatchObject({ kind: 'key' })
  expect(await create({ expiresAt })).toMatchObject({ replayed: false })
  await shop.app.db.prisma.tenant.update({ where, data: { clockAheadMs: 0 } })
})

describe('a key opens nothing any more', () => {
  test('once it was deleted, which is announced and happens once', async () => {
    const { id, secret } = await create({})
    await remove(id)
    expect(await callerOf(secret)).toBe('invalid')
    expect(await refusals(remove(id))).toEqual(['NOT_FOUND id'])
    const events = await shop.app.db.prisma.event.findMany({ where: { entityId: id }, orderBy: { sequence: 'asc' } })
    expect(events.map((event) => event.type)).toEqual(['api_key.created', 'api_key.deleted'])
  })

  test('once it has expired', async () => {
    const expiresAt = new Date(shop.clock.now().getTime() + 3_600_000)
    const { secret } = await create({ expiresAt })
    expect(await callerOf(secret)).toMatchObject({ kind: 'key' })
    shop.clock.turn({ minutes: 59, seconds: 50 })
    expect(await callerOf(secret)).toMatchObject({ kind: 'key' })
    shop.clock.turn({ seconds: 11 })
    expect(await callerOf(secret)).toBe('invalid')
  })
})

test('a key of another tenant is not there to be deleted', async () => {
  const { id } = await create({})
  expect(await refusals(remove(id, await shop.actor('LIVE')))).toEqual(['NOT_FOUND id'])
})

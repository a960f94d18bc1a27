import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor, Role } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, type TestApp, testApp } from '../support/app.ts'
import { refusals } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'

let house: TestApp
let owner: Actor
let count = 0

beforeAll(async () => {
  house = await testApp()
  owner = await house.actor()
})
afterAll(() => house.close())

const wanted = (input: object = {}) => ({
  name: 'Sam',
  lastName: 'Seller',
  email: `sam${++count}@shop.example`,
  role: 'USER',
  ...input,
})
const as = (role: Role, userId: string | null = null): Actor => ({ ...owner, role, userId })
const make = async (input: object = {}, actor = owner) => (await house.app.users.create(call(actor), wanted(input))).id
const update = (actor: Actor, id: string, input: object) =>
  house.app.users.update(call(actor), { id: encodeId('User', id), ...input })
const remove = (actor: Actor, id: string) => house.app.users.remove(call(actor), { id: encodeId('User', id) })
const row = (id: string) =>
  house.app.db.prisma.user.findUniqueOrThrow({ where: { tenantId_id: { tenantId: owner.tenantId, id } } })
const keyFor = async (userId: string, role: Role = 'USER') => {
  const input = { name: 'a key', role, userId: encodeId('User', userId) }
  const { id, secret = '' } = await house.app.keys.create(call(owner), input)
  return { id, opens: async () => (await house.app.access.authenticate(secret, 'test')) !== 'invalid' }
}
const demoOwner = async () =>
  (await house.app.db.prisma.user.findFirstOrThrow({ where: { tenantId: owner.tenantId, role: 'OWNER' } })).id
const announced = async (entityId: string) =>
  (await house.app.db.prisma.event.findMany({ where: { entityId }, orderBy: { sequence: 'asc' } })).map(
    ({ type }) => type,
  )

describe('a user', () => {
  test('is made without a claim, changed and deleted, each with its event', async () => {
    const id = await make({ organizationFeeBps: 250 })
    expect(await row(id)).toMatchObject({ role: 'USER', organizationFeeBps: 250, claimedAt: null })
    await update(owner, id, { name: 'Samantha', organizationFeeBps: 1_000 })
    expect(await row(id)).toMatchObject({ name: 'Samantha', lastName: 'Seller', organizationFeeBps: 1_000 })
    await remove(owner, id)
    expect(await announced(id)).toEqual(['user.created', 'user.updated', 'user.deleted'])
    expect(await refusals(update(owner, id, { name: 'Nobody' }))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(owner, id))).toEqual(['NOT_FOUND id'])
  })

  test.each([
    [{ role: 'OWNER' }, ['INVALID role']],
    [{ role: undefined }, ['REQUIRED role']],
    [{ name: '', lastName: ' ', email: 'nowhere' }, ['REQUIRED name', 'REQUIRED lastName', 'INVALID email']],
    [{ organizationFeeBps: 1_001 }, ['OUT_OF_RANGE organizationFeeBps']],
    [{ organizationFeeBps: -1 }, ['OUT_OF_RANGE organizationFeeBps']],
  ])('is refused with every bad field at once: %j', async (input, problems) => {
    expect(await refusals(house.app.users.create(call(owner), wanted(input)))).toEqual(problems)
  })

  test('has an e-mail address of their own, whatever its case, until they are deleted', async () => {
    const email = 'Unique@Shop.Example'
    const id = await make({ email })
    const again = () => house.app.users.create(call(owner), wanted({ email: email.toLowerCase() }))
    expect(await refusals(again())).toEqual(['ALREADY_EXISTS email'])
    expect(await refusals(update(owner, await make(), { email }))).toEqual(['ALREADY_EXISTS email'])
    await house.app.users.create(call(await newTenant(house.app.db)), wanted({ email }))
    await remove(owner, id)
    await again()
  })

  test('made twice under the same key is made once', async () => {
    const input = wanted()
    const [first, second] = [1, 2].map(() => house.app.users.create(call(owner, 'user-1', input), input))
    expect((await second)?.id).toBe((await first)?.id)
  })

  test('of another tenant is not there', async () => {
    const stranger = await newTenant(house.app.db)
    const id = await make()
    expect(await refusals(update(stranger, id, { name: 'Mine' }))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(stranger, id))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(owner, newId()))).toEqual(['NOT_FOUND id'])
  })
})

describe('nobody acts on somebody above them', () => {
  test('an admin makes and changes users and admins, and no owner', async () => {
    const admin = as('ADMIN', await make({ role: 'ADMIN' }))
    const id = await make({ role: 'ADMIN' }, admin)
    await update(admin, id, { role: 'USER' })
    expect((await row(id)).role).toBe('USER')
    expect(await refusals(update(admin, await demoOwner(), { name: 'Olga' }))).toEqual(['FORBIDDEN id'])
    expect(await refusals(remove(admin, await demoOwner()))).toEqual(['FORBIDDEN id'])
  })

  test('a seller changes itself alone, and neither its fee nor its role', async () => {
    const [id, other] = [await make({ organizationFeeBps: 300 }), await make()]
    const seller = as('USER', id)
    await update(seller, id, { name: 'Myself' })
    expect((await row(id)).name).toBe('Myself')
    expect(await refusals(update(seller, id, { organizationFeeBps: 0 }))).toEqual(['FORBIDDEN organizationFeeBps'])
    expect(await refusals(update(seller, id, { role: 'ADMIN' }))).toEqual(['FORBIDDEN role'])
    expect(await refusals(update(seller, other, { name: 'Theirs' }))).toEqual(['NOT_FOUND id'])
    expect((await row(id)).organizationFeeBps).toBe(300)
  })

  test('an admin does not set the fee of its own payments', async () => {
    const id = await make({ role: 'ADMIN' })
    expect(await refusals(update(as('ADMIN', id), id, { organizationFeeBps: 10 }))).toEqual([
      'FORBIDDEN organizationFeeBps',
    ])
  })

  test('an owner is neither demoted nor deleted', async () => {
    const id = await demoOwner()
    expect(await refusals(update(owner, id, { role: 'USER' }))).toEqual(['FORBIDDEN role'])
    expect(await refusals(remove(owner, id))).toEqual(['FORBIDDEN id'])
    await update(owner, id, { name: 'Demo' })
  })
})

describe('the keys of a user', () => {
  test('end with the user at once', async () => {
    const id = await make()
    const keys = [await keyFor(id), await keyFor(id)]
    expect(await keys[0]?.opens()).toBe(true)
    const { endedKeyIds } = await remove(owner, id)
    expect([...endedKeyIds].sort()).toEqual(keys.map((key) => key.id).sort())
    for (const key of keys) {
      expect(await key.opens()).toBe(false)
      expect(await announced(key.id)).toEqual(['api_key.created', 'api_key.deleted'])
    }
    const input = { name: 'late', role: 'USER', userId: encodeId('User', id) }
    expect(await refusals(house.app.keys.create(call(owner), input))).toEqual(['NOT_FOUND userId'])
  })

  test('that may do more than the user end when the user may do less', async () => {
    const id = await make({ role: 'ADMIN' })
    const [strong, weak] = [await keyFor(id, 'ADMIN'), await keyFor(id)]
    const { endedKeyIds } = await update(owner, id, { role: 'USER' })
    expect(endedKeyIds).toEqual([strong.id])
    expect([await strong.opens(), await weak.opens()]).toEqual([false, true])
  })

  test('may do no more than the user, and are made by nobody below them', async () => {
    const id = await make()
    const input = { name: 'too strong', role: 'ADMIN', userId: encodeId('User', id) }
    expect(await refusals(house.app.keys.create(call(owner), input))).toEqual(['FORBIDDEN role'])
    const forOwner = { name: 'sly', role: 'USER', userId: encodeId('User', await demoOwner()) }
    expect(await refusals(house.app.keys.create(call(as('ADMIN')), forOwner))).toEqual(['FORBIDDEN userId'])
  })

  test('are made by a seller without naming itself', async () => {
    const id = await make()
    const made = await house.app.keys.create(call(as('USER', id)), { name: 'mine', role: 'USER' })
    const key = await house.app.db.prisma.apiKey.findFirstOrThrow({ where: { id: made.id } })
    expect(key.userId).toBe(id)
  })

  test('deleted at the moment when one is made leave none behind', async () => {
    const id = await make()
    const input = { name: 'racing', role: 'USER', userId: encodeId('User', id) }
    const making = Array.from({ length: 5 }, () => house.app.keys.create(call(owner), input).catch(() => {}))
    await Promise.all([...making, remove(owner, id)])
    expect(await house.app.db.prisma.apiKey.count({ where: { userId: id, deletedAt: null } })).toBe(0)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { type Answer, type Playground, startPlayground } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const member = (more: object = {}) => ({
  name: 'Mia',
  lastName: 'Member',
  email: `${newId()}@example.com`,
  role: 'user',
  ...more,
})

async function make(more: object = {}): Promise<Answer['body']> {
  const { status, body } = await world.call('POST', '/v1/user', member(more))
  expect([status, body]).toEqual([201, expect.any(Object)])
  return body
}

async function keyOf(userId: number, more: object = {}): Promise<{ key: string; id: number }> {
  const { body } = await world.call('POST', '/v1/api-key', { name: 'Till', userId, test: true, ...more })
  return { key: body.key, id: body.data.id }
}

describe('a user', () => {
  test('is made unclaimed, by somebody who runs the organization; the password is ignored', async () => {
    const user = await make({ organizationFeeBps: 250, password: 'x' })
    expect(user).toEqual({
      id: expect.any(Number),
      name: 'Mia',
      lastName: 'Member',
      email: user.email,
      role: 'user',
      organizationFeeBps: 250,
      organizationId: expect.any(Number),
      createdAt: user.updatedAt,
      updatedAt: expect.any(String),
      claimedAt: null,
    })
    expect((await world.call('GET', `/v1/user/id/${user.id}`)).body).toEqual(user)
    expect((await world.call('GET', '/v1/user/all')).body).toContainEqual(user)
  })

  test('with wrong fields is refused, naming each', async () => {
    const wrong = { name: 'M', lastName: '<b>', email: 'nobody', role: 'owner', organizationFeeBps: 1_001 }
    const { status, body } = await world.call('POST', '/v1/user', wrong)
    expect(status).toBe(400)
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'Name',
      'LastName',
      'Email',
      'Role',
      'OrganizationFeeBps',
    ])
    for (const bps of [-1, 0.5, '10', 5_000]) {
      expect((await world.call('POST', '/v1/user', member({ organizationFeeBps: bps }))).status).toBe(400)
    }
  })

  test('has an address of their own, which is free again when they are deleted', async () => {
    const user = await make()
    const again = member({ email: user.email })
    expect((await world.call('POST', '/v1/user', again)).body).toEqual({
      errors: [{ field: 'Email', message: 'Email is already in use' }],
    })
    const other = await make()
    expect((await world.call('PUT', `/v1/user/${other.id}`, { email: user.email })).status).toBe(400)
    expect((await world.call('DELETE', `/v1/user/${user.id}`)).body).toEqual({ message: expect.any(String) })
    expect((await world.call('GET', `/v1/user/id/${user.id}`)).status).toBe(404)
    expect((await world.call('DELETE', `/v1/user/${user.id}`)).status).toBe(404)
    expect((await world.call('POST', '/v1/user', again)).status).toBe(201)
  })

  test('may change themselves, but not the fee; an admin may', async () => {
    const user = await make({ organizationFeeBps: 100 })
    const { key } = await keyOf(user.id)
    const own = await world.call(
      'PUT',
      `/v1/user/${user.id}`,
      { name: 'Maya', organizationFeeBps: 0, password: 'secret' },
      key,
    )
    expect(own.body).toMatchObject({ name: 'Maya', lastName: 'Member', organizationFeeBps: 100 })
    expect(new Date(own.body.updatedAt) > new Date(user.updatedAt)).toBe(true)
    expect((await world.call('GET', '/v1/user', undefined, key)).body).toEqual(own.body)
    const byOwner = await world.call('PUT', `/v1/user/${user.id}`, { organizationFeeBps: 0 })
    expect(byOwner.body.organizationFeeBps).toBe(0)
    const { body: owner } = await world.call('GET', '/v1/user')
    const ofOwner = await world.call('PUT', `/v1/user/${owner.id}`, { organizationFeeBps: 500 })
    expect(ofOwner.body.organizationFeeBps).toBe(0)
  })

  test('of lower rank is refused what needs a higher one', async () => {
    const [seller, other, admin] = [await make(), await make(), await make({ role: 'admin' })]
    const { body: owner } = await world.call('GET', '/v1/user')
    const { key } = await keyOf(seller.id)
    const { key: adminKey } = await keyOf(admin.id)
    const { id: ownerKeyId } = await keyOf(owner.id)
    const refusals: [string, string, object | undefined, string][] = [
      ['POST', '/v1/user', member(), key],
      ['GET', '/v1/user/all', undefined, key],
      ['GET', `/v1/user/id/${seller.id}`, undefined, key],
      ['PUT', `/v1/user/${other.id}`, { name: 'Mine' }, key],
      ['DELETE', `/v1/user/${other.id}`, undefined, key],
      ['POST', '/v1/user/claim/request', { userId: seller.id }, key],
      ['GET', `/v1/user/claim/request/${seller.id}`, undefined, key],
      ['GET', `/v1/user/claim/funds/test-trigger/${seller.id}`, undefined, key],
      ['GET', `/v1/api-key/user/${seller.id}`, undefined, key],
      ['POST', '/v1/api-key', { name: 'Key', userId: other.id, test: true }, key],
      ['POST', '/_sandbox/reset', {}, key],
      ['PUT', '/_sandbox/organization', {}, key],
      ['GET', '/_sandbox/faults', undefined, key],
      ['POST', `/_sandbox/claim-funds/${seller.id}/fund`, {}, key],
      ['PUT', `/v1/user/${owner.id}`, { name: 'Mine' }, adminKey],
      ['DELETE', `/v1/user/${owner.id}`, undefined, adminKey],
      ['POST', '/v1/api-key', { name: 'Key', userId: owner.id, test: true }, adminKey],
      ['DELETE', `/v1/api-key/${ownerKeyId}`, undefined, adminKey],
    ]
    for (const [method, path, body, as] of refusals) {
      const answer = await world.call(method, path, body, as)
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 403, { error: expect.any(String) }])
    }
    expect((await world.call('DELETE', `/v1/user/${owner.id}`)).status).toBe(403)
    expect((await world.call('GET', '/v1/user/all', undefined, adminKey)).status).toBe(200)
    expect((await world.call('DELETE', `/v1/user/${other.id}`, undefined, adminKey)).status).toBe(200)
  })

  test('sees only what is theirs', async () => {
    const seller = await make({ organizationFeeBps: 300 })
    const { key } = await keyOf(seller.id)
    const product = { name: 'Vase', description: 'Blue glaze', price: 20 }
    const { body: theirs } = await world.call('POST', '/v1/product', product, key)
    const { body: foreign } = await world.call('POST', '/v1/product', product)
    expect(theirs.userId).toBe(seller.id)
    expect((await world.call('GET', '/v1/product', undefined, key)).body).toEqual([theirs])
    for (const [method, path] of [
      ['GET', `/v1/product/id/${foreign.id}`],
      ['GET', `/v1/product/reference/${foreign.reference}`],
      ['PUT', `/v1/product/${foreign.id}`],
      ['DELETE', `/v1/product/${foreign.id}`],
    ] as const) {
      expect((await world.call(method, path, method === 'PUT' ? {} : undefined, key)).status).toBe(404)
    }
    const wanted = { productId: theirs.id }
    const { body: session } = await world.call('POST', '/v1/transaction/session-checkout/new/payment', wanted, key)
    const { body: seen } = await world.call('GET', `/v1/transaction/session-checkout/${session.uuid}`, undefined, key)
    expect(seen).toMatchObject({ userId: seller.id, userName: 'Mia Member', organizationFeeBps: 300 })
    const { key: otherKey } = await keyOf((await make()).id)
    const path = `/v1/transaction/session-checkout/${session.uuid}`
    expect((await world.call('GET', path, undefined, otherKey)).body).not.toHaveProperty('feeBps')
    expect(
      (await world.call('POST', `/_sandbox/sessions/${session.uuid}/play`, { outcome: 'CANCEL' }, otherKey)).status,
    ).toBe(404)
  })
})

describe('an API key', () => {
  test('is shown once, and listed for its user', async () => {
    const user = await make()
    const wanted = { name: 'Till', userId: user.id, test: true, expiresAt: '2099-01-01T00:00:00+01:00' }
    const { status, body } = await world.call('POST', '/v1/api-key', wanted)
    expect([status, body.key]).toEqual([201, expect.stringMatching(/^sk_[0-9a-f]{32}_test_\w+$/)])
    expect(body.data).toEqual({
      id: expect.any(Number),
      name: 'Till',
      organizationId: user.organizationId,
      userId: user.id,
      createdAt: expect.any(String),
      expiresAt: '2098-12-31T23:00:00.000Z',
      role: 'user',
      test: true,
    })
    expect((await world.call('GET', '/v1/api-key', undefined, body.key)).body).toEqual([body.data])
    expect((await world.call('GET', `/v1/api-key/user/${user.id}`)).body).toEqual([body.data])
    const { rows } = await world.pool.query('SELECT body::text FROM sandbox_document')
    expect(rows.map((row) => row.body).join()).not.toContain(body.key.split('_')[3])
  })

  test('opens nothing from the moment that it, or its user, is deleted', async () => {
    const user = await make()
    const [first, second] = [await keyOf(user.id), await keyOf(user.id)]
    expect((await world.call('DELETE', `/v1/api-key/${first.id}`, undefined, first.key)).status).toBe(200)
    expect((await world.call('GET', '/v1/user', undefined, first.key)).status).toBe(401)
    expect((await world.call('DELETE', `/v1/api-key/${first.id}`)).status).toBe(404)
    await world.call('DELETE', `/v1/user/${user.id}`)
    expect((await world.call('GET', '/v1/user', undefined, second.key)).status).toBe(401)
    expect((await world.call('GET', `/v1/api-key/user/${user.id}`)).status).toBe(404)
  })

  test('opens nothing after its end', async () => {
    const user = await make()
    const expiresAt = new Date(Date.now() + 60 * 60_000).toISOString()
    const { key } = await keyOf(user.id, { expiresAt })
    expect((await world.call('GET', '/v1/user', undefined, key)).status).toBe(200)
    world.aheadMs += 61 * 60_000
    expect((await world.call('GET', '/v1/user', undefined, key)).status).toBe(401)
  })

  test('has the mode of the key that made it, whatever mode was asked for', async () => {
    const { body: owner } = await world.call('GET', '/v1/user')
    const { status, body } = await world.call('POST', '/v1/api-key', { name: 'Key', userId: owner.id, test: false })
    expect([status, body.data.test]).toEqual([201, true])
    expect((await world.call('GET', '/v1/user', undefined, body.key)).body.id).toBe(owner.id)
  })

  test('with wrong fields is refused', async () => {
    const { body: owner } = await world.call('GET', '/v1/user')
    const valid = { name: 'Key', userId: owner.id, test: true }
    for (const change of [
      { name: '' },
      { test: undefined },
      { test: 'no' },
      { expiresAt: 'tomorrow' },
      { expiresAt: '2020-01-01T00:00:00Z' },
      { expiresAt: '2099-13-01T00:00:00Z' },
      { userId: 'x' },
    ]) {
      expect([change, (await world.call('POST', '/v1/api-key', { ...valid, ...change })).status]).toEqual([change, 400])
    }
    expect((await world.call('POST', '/v1/api-key', { ...valid, userId: 999_999_999 })).status).toBe(404)
  })

  test('of another is hidden from a seller', async () => {
    const [mine, theirs] = [await keyOf((await make()).id), await keyOf((await make()).id)]
    expect((await world.call('DELETE', `/v1/api-key/${theirs.id}`, undefined, mine.key)).status).toBe(404)
    const own = await world.call('POST', '/v1/api-key', { name: 'Own', test: true }, mine.key)
    expect([own.status, own.body.data.role]).toEqual([201, 'user'])
  })
})

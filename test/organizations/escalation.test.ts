import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { type MadeKey, newKey, newUser } from '../support/sellers.ts'

/** What nobody may do with their own key they may not do with a key that they made. */

let gateway: OpenGateway
let owner: Api
beforeAll(async () => {
  gateway = await startGateway()
  owner = gateway.api
})
afterAll(() => gateway.stop())

let count = 0
/** A member with a key of the member's own, whose payments carry a fee. */
async function member(role: 'ADMIN' | 'USER', more: object = {}) {
  const id = await newUser(owner, `Member${++count}`, role, { organizationFeeBps: 500 })
  const key = await newKey(owner, { role, userId: id, ...more })
  return { id, key, api: as(key) }
}
const as = ({ secret }: Pick<MadeKey, 'secret'>) => apiOf(gateway.url, secret)

interface Payload {
  readonly apiKey?: Shown | null
  readonly secret?: string | null
  readonly claimRequest?: object | null
  readonly userErrors: readonly { readonly code: string; readonly field: readonly string[] | null }[]
}
interface Shown {
  readonly id: string
  readonly role: string
  readonly user: { readonly id: string } | null
  readonly rateLimit: number
  readonly expiresAt: string | null
}

const SHOWN = {
  ApiKey: 'apiKey { id role user { id } rateLimit expiresAt }',
  User: 'user { id }',
  ClaimRequest: 'claimRequest { link }',
  Organization: 'organization { id }',
}

async function tell(api: Api, name: string, input: object): Promise<Payload> {
  const type = name.charAt(0).toUpperCase() + name.slice(1)
  const object =
    SHOWN[(['ApiKey', 'User', 'ClaimRequest'] as const).find((kind) => name.endsWith(kind)) ?? 'Organization']
  const secret = name === 'createApiKey' ? 'secret' : ''
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ${object} ${secret} userErrors { code field } } }`
  return (await api.ask<Record<string, Payload>>(query, { input }))[name] as Payload
}
async function refusal(api: Api, name: string, input: object): Promise<string> {
  const { userErrors } = await tell(api, name, input)
  return userErrors.map(({ code, field }) => `${code} ${field?.join('.') ?? ''}`.trim()).join(', ')
}
const make = (api: Api, input: object) => tell(api, 'createApiKey', { name: 'Made', ...input })
const feeOf = async (id: string) =>
  (
    await owner.ask<{ user: { organizationFeeBps: number } }>(
      'query ($id: ID!) { user(by: { id: $id }) { organizationFeeBps } }',
      { id },
    )
  ).user.organizationFeeBps

describe('an admin', () => {
  test('does not waive the fee of their own payments, with whatever key they make', async () => {
    const admin = await member('ADMIN')
    const waive = { id: admin.id, organizationFeeBps: 0 }
    expect(await refusal(admin.api, 'updateUser', waive)).toBe('FORBIDDEN organizationFeeBps')

    // The key without a user, and one that such a key makes.
    let maker = admin.api
    for (let step = 0; step < 2; step++) {
      const { apiKey, secret } = await make(maker, { role: 'ADMIN', userId: null })
      expect(apiKey?.user).toEqual({ id: admin.id })
      maker = as({ secret: secret ?? '' })
      expect(await refusal(maker, 'updateUser', waive)).toBe('FORBIDDEN organizationFeeBps')
    }
    expect(await feeOf(admin.id)).toBe(500)
  })

  test('does not do it through a peer either, be it one that they have made', async () => {
    const admin = await member('ADMIN')
    const made = await newUser(admin.api, `Peer${count}`, 'ADMIN')
    for (const userId of [made, (await member('ADMIN')).id]) {
      for (const role of ['ADMIN', 'USER']) {
        expect(await refusal(admin.api, 'createApiKey', { name: 'Peer', role, userId })).toBe('FORBIDDEN userId')
      }
    }
    // A key that was made while the peer was a seller stays a seller's.
    const later = await newUser(admin.api, `Later${count}`, 'USER')
    const key = await newKey(admin.api, { role: 'USER', userId: later })
    expect(await refusal(admin.api, 'updateUser', { id: later, role: 'ADMIN' })).toBe('')
    expect(await refusal(as(key), 'createApiKey', { name: 'More', role: 'ADMIN' })).toBe('FORBIDDEN role')
    expect(await refusal(as(key), 'updateUser', { id: admin.id, organizationFeeBps: 0 })).toBe('NOT_FOUND id')
  })

  test('brings no key of the organization back to life, nor changes one', async () => {
    const admin = await member('ADMIN')
    const house = await newKey(owner, { role: 'ADMIN', expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect(await refusal(admin.api, 'updateApiKey', { id: house.id, expiresAt: null })).toBe('FORBIDDEN id')
    // Taking one away is for every admin.
    expect(await refusal(admin.api, 'deleteApiKey', { id: house.id })).toBe('')
  })

  test('claims no account of a peer, whose earnings would be paid to them', async () => {
    const [admin, peer, seller] = [await member('ADMIN'), await member('ADMIN'), await member('USER')]
    expect(await refusal(owner, 'createClaimRequest', { userId: peer.id })).toBe('')
    expect(await refusal(admin.api, 'createClaimRequest', { userId: peer.id })).toBe('FORBIDDEN userId')
    const link = 'query ($userId: ID!) { claimRequest(by: { userId: $userId }) { link } }'
    expect(await admin.api.ask(link, { userId: peer.id })).toEqual({ claimRequest: null })
    for (const id of [admin.id, seller.id]) {
      expect((await tell(admin.api, 'createClaimRequest', { userId: id })).claimRequest).toMatchObject({
        link: expect.stringContaining('/claim/'),
      })
    }
  })

  test('decides neither where clients’ tokens are checked nor which account receives the money', async () => {
    const admin = await member('ADMIN')
    for (const key of [admin.key, await newKey(owner, { role: 'ADMIN' })]) {
      expect(await refusal(as(key), 'setClientAuthentication', { url: null })).toBe('FORBIDDEN')
      const query = `mutation { connectProvider(input: { provider: QBITFLOW, credentials: {} }) { userErrors { code } } }`
      expect(await as(key).ask(query)).toEqual({ connectProvider: { userErrors: [{ code: 'FORBIDDEN' }] } })
      expect(await refusal(as(key), 'createApiKey', { name: 'Crown', role: 'OWNER' })).toBe('FORBIDDEN role')
    }
  })
})

describe('a key that a key makes', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

  test.each(['ADMIN', 'USER'] as const)('of the role %s ends no later, and is not prolonged', async (role) => {
    const expiresAt = inAnHour()
    const { api, key } = await member(role, { expiresAt })
    const { apiKey } = await make(api, { role })
    expect(apiKey?.expiresAt).toBe(expiresAt)
    const later = new Date(Date.parse(expiresAt) + 60_000).toISOString()
    expect(await refusal(api, 'createApiKey', { name: 'Later', role, expiresAt: later })).toBe('FORBIDDEN expiresAt')
    for (const id of [key.id, apiKey?.id]) {
      for (const wanted of [later, null]) {
        expect(await refusal(api, 'updateApiKey', { id, expiresAt: wanted })).toBe('FORBIDDEN expiresAt')
      }
      expect(await refusal(api, 'updateApiKey', { id, name: 'Renamed' })).toBe('')
    }
  })

  test('may make no more requests, and is not given more', async () => {
    for (const userId of [undefined, (await member('ADMIN')).id]) {
      const key = await newKey(owner, { role: 'ADMIN', userId, rateLimit: 100 })
      const { apiKey } = await make(as(key), { role: 'ADMIN' })
      expect(apiKey?.rateLimit).toBe(100)
      const more = { role: 'ADMIN', rateLimit: 101 }
      expect(await refusal(as(key), 'createApiKey', { name: 'More', ...more })).toBe('FORBIDDEN rateLimit')
      for (const id of [key.id, apiKey?.id]) {
        expect(await refusal(as(key), 'updateApiKey', { id, rateLimit: 101 })).toBe('FORBIDDEN rateLimit')
        expect(await refusal(as(key), 'updateApiKey', { id, rateLimit: 100 })).toBe('')
      }
    }
  })

  test('of a seller has what the seller’s key has', async () => {
    const { api } = await member('USER', { rateLimit: 70 })
    expect((await make(api, { role: 'USER' })).apiKey?.rateLimit).toBe(70)
    expect(await refusal(api, 'createApiKey', { name: 'More', role: 'USER', rateLimit: 70 })).toBe(
      'FORBIDDEN rateLimit',
    )
  })

  test('ends with the member whose it is, when they are deleted and when they may do less', async () => {
    const opens = async (secret: string | null | undefined) =>
      as({ secret: secret ?? '' })
        .ask('{ viewer { mode } }')
        .then(
          () => true,
          () => false,
        )
    const [gone, less] = [await member('ADMIN'), await member('ADMIN')]
    const [ofGone, ofLess] = [await make(gone.api, { role: 'ADMIN' }), await make(less.api, { role: 'ADMIN' })]
    const weak = await make(less.api, { role: 'USER' })
    expect([await opens(ofGone.secret), await opens(ofLess.secret)]).toEqual([true, true])
    expect(await refusal(owner, 'deleteUser', { id: gone.id })).toBe('')
    expect(await refusal(owner, 'updateUser', { id: less.id, role: 'USER' })).toBe('')
    expect([await opens(ofGone.secret), await opens(ofLess.secret)]).toEqual([false, false])
    // What the member may still do, the weaker key does.
    expect(await opens(weak.secret)).toBe(true)
    expect(await refusal(as({ secret: weak.secret ?? '' }), 'createApiKey', { name: 'Up', role: 'ADMIN' })).toBe(
      'FORBIDDEN role',
    )
  })
})

test('an owner with a key of their own makes keys for whom they outrank, and none of the organization', async () => {
  const { users } = await owner.ask<{ users: { edges: { node: { id: string; role: string } }[] } }>(
    '{ users(first: 100) { edges { node { id role } } } }',
  )
  const me = users.edges.find(({ node }) => node.role === 'OWNER')?.node.id
  const mine = as(await newKey(owner, { role: 'OWNER', userId: me }))
  expect((await make(mine, { role: 'OWNER' })).apiKey?.user).toEqual({ id: me })
  const { id } = await member('ADMIN')
  const { apiKey, secret } = await make(mine, { role: 'ADMIN', userId: id })
  expect(apiKey?.user).toEqual({ id })
  // Nobody changes somebody above them.
  expect(await refusal(as({ secret: secret ?? '' }), 'updateUser', { id: me, organizationFeeBps: 0 })).toBe(
    'FORBIDDEN id',
  )
})

describe('there is an end of keys', () => {
  const endless = async (api: Api, input: object) => {
    for (let made = 0; ; made++) {
      const { apiKey, userErrors } = await make(api, input)
      if (!apiKey) return { made, userErrors }
    }
  }

  test('for a seller, also of those that are deleted and made again', async () => {
    const { api } = await member('USER')
    const { made, userErrors } = await endless(api, { role: 'USER' })
    expect(made).toBe(19)
    expect(userErrors).toEqual([{ code: 'LIMIT_REACHED', field: ['userId'] }])
    const { apiKeys } = await api.ask<{ apiKeys: { id: string }[] }>('{ apiKeys { id } }')
    expect(await refusal(api, 'deleteApiKey', { id: apiKeys[0]?.id })).toBe('')
    expect(await refusal(api, 'createApiKey', { name: 'Again', role: 'USER' })).toBe('LIMIT_REACHED userId')
    // Another seller has room.
    expect((await make((await member('USER')).api, { role: 'USER' })).userErrors).toEqual([])
  })

  test('for many at the same moment', async () => {
    const { api } = await member('USER')
    const all = await Promise.all(Array.from({ length: 30 }, () => make(api, { role: 'USER' })))
    expect(all.filter(({ apiKey }) => apiKey)).toHaveLength(19)
  })

  test('for the organization', async () => {
    await Promise.all(Array.from({ length: 60 }, () => make(owner, { role: 'OWNER' })))
    const { userErrors } = await endless(owner, { role: 'OWNER' })
    expect(userErrors).toEqual([{ code: 'LIMIT_REACHED', field: null }])
    const { apiKeys } = await owner.ask<{ apiKeys: { id: string }[] }>('{ apiKeys { id } }')
    expect(apiKeys.length).toBeLessThanOrEqual(100)
  })
})

import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Command, Values } from '../../src/commands/command.ts'
import { createOrganization, listOrganizations, renameOrganization } from '../../src/commands/organizations.ts'
import { readConfig } from '../../src/config.ts'
import { decodeId } from '../../src/kernel/id.ts'
import { apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { tollgate } from '../support/command-line.ts'
import { freshDatabase } from '../support/database.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout } from '../support/storefront.ts'

/** Whoever hosts several organizations does so on the command line, beside the running gateway. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())
afterEach(() => vi.restoreAllMocks())

/** What a command prints, run as `main` runs it, without the seconds that a process takes to start. */
async function printed(command: Command, values: Values = {}, databaseUrl = gateway.databaseUrl): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk
    return true
  })
  try {
    await command.run(readConfig({ DATABASE_URL: databaseUrl }, '/nowhere'), values)
    return text
  } finally {
    write.mockRestore()
  }
}

const PRINTED = /^organization {2}(org_\S+)\ntest key {6}(sk_test_\S+)\nlive key {6}(sk_live_\S+)\n$/
function keysIn(text: string) {
  const [, id = '', testKey = '', liveKey = ''] = PRINTED.exec(text) ?? []
  return { id, testKey, liveKey }
}
const create = async (name: string, email?: string) => keysIn(await printed(createOrganization, { name, email }))

interface Line {
  readonly id: string
  readonly name: string
  readonly mode: string
  readonly providers: string[]
  readonly lastUsedAt: string | null
}
async function list(): Promise<Line[]> {
  const text = await printed(listOrganizations, { json: true })
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
const VIEWER = '{ viewer { mode organization { id name } } }'
const PROCESS_MS = 120_000

test(
  'the command line makes an organization beside the running gateway, and says what is missing',
  async () => {
    const variables = { DATABASE_URL: gateway.databaseUrl }
    const [made, refused] = await Promise.all([
      tollgate(['organizations', 'create', 'Shop of a process'], variables),
      tollgate(['organizations', 'rename', 'org_x'], variables),
    ])
    expect([made.code, made.stderr]).toEqual([0, ''])
    const { viewer } = await apiOf(gateway.url, keysIn(made.stdout).testKey).ask<{ viewer: object }>(VIEWER)
    expect(viewer).toMatchObject({ organization: { name: 'Shop of a process' } })
    expect([refused.code, refused.stdout, refused.stderr.split('\n')[0]]).toEqual([
      2,
      '',
      'tollgate: <name> is missing',
    ])
  },
  PROCESS_MS,
)

describe('an organization that is made', () => {
  test('opens at once with the keys that are printed, and sells in test mode beside the running gateway', async () => {
    const made = await create('Second shop', 'owner@second.example')
    for (const [mode, key] of [
      ['TEST', made.testKey],
      ['LIVE', made.liveKey],
    ] as const) {
      const { viewer } = await apiOf(gateway.url, key).ask<{ viewer: object }>(VIEWER)
      expect(viewer).toEqual({ mode, organization: { id: made.id, name: 'Second shop' } })
    }
    const api = apiOf(gateway.url, made.testKey)
    const { checkout } = await eventually(() => createCheckout(api).catch(() => undefined), 15_000)
    expect(checkout.status).toBe('OPEN')
    const { users } = await api.ask<{ users: { edges: object[] } }>('{ users { edges { node { email role } } } }')
    expect(users.edges).toEqual([{ node: { email: 'owner@second.example', role: 'OWNER' } }])
    // The first organization has nothing of it.
    const { checkouts } = await gateway.api.ask<{ checkouts: { totalCount: number } }>('{ checkouts { totalCount } }')
    expect(checkouts.totalCount).toBe(0)
  })

  test('shows its keys once: nothing prints them again', async () => {
    const { testKey, liveKey } = await create('Discreet shop')
    for (const json of [false, true]) {
      const text = await printed(listOrganizations, { json })
      expect(text).toContain('Discreet shop')
      for (const key of [testKey, liveKey]) expect(text).not.toContain(key.slice(8))
    }
  })

  test('may be the first of all, on a database that no gateway has seen', async () => {
    const empty = await freshDatabase()
    try {
      await printed(createOrganization, { name: 'Only shop' }, empty.url)
      const text = await printed(listOrganizations, {}, empty.url)
      expect(text.match(/Only shop/g)).toHaveLength(2)
      expect(text).not.toContain('Demo shop')
    } finally {
      await empty.drop()
    }
  })
})

test('the list says of each organization and mode what there is and when it was last used', async () => {
  const { id } = await create('Quiet shop')
  await gateway.api.ask(VIEWER)
  const lines = await eventually(async () => {
    const found = await list()
    const isKnown = found.some(({ name, mode, lastUsedAt }) => name === 'Demo shop' && mode === 'TEST' && lastUsedAt)
    const isConnected = found.some((line) => line.id === id && line.providers.length > 0)
    return isKnown && isConnected && found
  }, 15_000)
  const quiet = { name: 'Quiet shop', keys: 1, users: 0, payments: 0, lastUsedAt: null, removalAt: null }
  expect(lines.filter((line) => line.id === id)).toMatchObject([
    { ...quiet, mode: 'TEST', providers: ['QBITFLOW'] },
    { ...quiet, mode: 'LIVE', providers: [] },
  ])
  const [headings, first] = (await printed(listOrganizations)).split('\n')
  expect(headings).toMatch(/^ORGANIZATION +NAME +MODE +KEYS +USERS +PAYMENTS +PROVIDERS +LAST USED$/)
  expect(first).toMatch(/^org_\S+ +Demo shop +TEST +\d+ +1 +0 +QBITFLOW +\d{4}-\d\d-\d\dT\S+Z$/)
})

test('an organization is renamed for everybody who sees it, which is announced', async () => {
  const { id, testKey } = await create('Old name')
  await printed(renameOrganization, { organization: id, name: '  New name ' })
  const { viewer, events } = await apiOf(gateway.url, testKey).ask<{
    viewer: { organization: { name: string } }
    events: { edges: { node: { type: string } }[] }
  }>('{ viewer { organization { name } } events(first: 1) { edges { node { type } } } }')
  expect(viewer.organization.name).toBe('New name')
  expect(events.edges).toMatchObject([{ node: { type: 'organization.renamed' } }])
})

test.each<[string, Command, Values, string]>([
  ['an empty name', createOrganization, { name: ' ' }, 'name is required'],
  ['a name that would change what a terminal shows', createOrganization, { name: 'A\u001b[31mB' }, 'name must not'],
  ['a name of 101 characters', createOrganization, { name: 'x'.repeat(101) }, 'name must have at most 100 characters'],
  ['an address that is none', createOrganization, { name: 'Shop', email: 'nobody' }, 'email must be an e-mail address'],
  ['no such organization', renameOrganization, { organization: 'org_x', name: 'N' }, 'Organization not found'],
  [
    'the id of something else',
    renameOrganization,
    { organization: 'user_01h455vb4pex5vsknk084sn02q', name: 'N' },
    'Organization not found',
  ],
])('%s is told in one line, and nothing is done', async (_name, command, values, message) => {
  const before = await list()
  await expect(printed(command, values)).rejects.toThrow(message)
  expect((await list()).length).toBe(before.length)
})

test('a name cannot change what the terminal shows', async () => {
  const { id } = await create('Kept before names were held to a line')
  const client = new pg.Client({ connectionString: gateway.databaseUrl })
  await client.connect()
  await client.query('UPDATE organization SET name = $1 WHERE id = $2', ['A\u001b[31mB\nC', decodeId(id)?.uuid])
  await client.end()
  const text = await printed(listOrganizations)
  expect(text.split('\n').filter((line) => line.startsWith(id))).toHaveLength(2)
  expect(text).not.toContain('\u001b')
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'
import { connect } from './socket.ts'

let door: Door
let ask: ReturnType<Door['asking']>
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
})
afterAll(() => door.close())

const INJECT = `mutation ($input: InjectFaultInput!) { injectFault(input: $input) {
  fault { id kind operation times probability seed delayMs retryAfter } replayed userErrors { code field } } }`

describe('a fault', () => {
  test('is armed, shown and disarmed, and a repeat arms nothing', async () => {
    const input = { provider: 'QBITFLOW', kind: 'DELAY', operation: 'GET /nowhere', times: 3, delayMs: 50 }
    const { data } = await ask(INJECT, { input: { ...input, idempotencyKey: 'f1' } })
    const { fault } = data.injectFault
    const wanted = { kind: 'DELAY', operation: 'GET /nowhere', times: 3, delayMs: 50 }
    expect(fault).toEqual({ id: fault.id, ...wanted, probability: null, seed: null, retryAfter: null })
    const again = await ask(INJECT, { input: { ...input, idempotencyKey: 'f1' } })
    expect(again.data.injectFault).toEqual({ fault, replayed: true, userErrors: [] })
    const shown = await ask('{ faults(provider: QBITFLOW) { id times } }')
    expect(shown.data.faults).toEqual([{ id: fault.id, times: 3 }])
    const cleared = await ask(
      'mutation { clearFaults(input: { provider: QBITFLOW }) { connection { provider } replayed userErrors { code } } }',
    )
    expect(cleared.data.clearFaults).toEqual({ connection: { provider: 'QBITFLOW' }, replayed: false, userErrors: [] })
    const repeated = await ask(INJECT, { input: { ...input, idempotencyKey: 'f1' } })
    expect(repeated.data.injectFault).toMatchObject({ fault: { ...fault, times: 0 }, replayed: true })
  })
})

test('a test clock is turned, and says where it stands', async () => {
  const { data: before } = await ask('{ viewer { testClock } }')
  const { data } = await ask(
    'mutation { advanceTestClock(input: { by: { value: 10, unit: DAYS } }) { testClock { now target } userErrors { code } } }',
  )
  const { testClock, userErrors } = data.advanceTestClock
  expect([testClock.target, userErrors]).toEqual([null, []])
  const turned = Date.parse(testClock.now) - Date.parse(before.viewer.testClock)
  expect(turned).toBeGreaterThanOrEqual(864_000_000)
  expect(turned).toBeLessThan(864_060_000)
})

test('credentials of an account are neither answered nor shown', async () => {
  const { data, errors } = await ask(
    'mutation { connectProvider(input: { provider: QBITFLOW, credentials: { apiKey: "secret-one", webhookSecret: "secret-two" }, baseUrl: "http://127.0.0.1:9/v1" }) { connection { baseUrl } userErrors { code message field } } }',
  )
  expect(errors).toBeUndefined()
  expect(data.connectProvider).toMatchObject({ connection: null, userErrors: [{ code: 'PROVIDER_UNAVAILABLE' }] })
  expect(JSON.stringify(data)).not.toContain('secret')
})

test('a user who is deleted is cut off, on open sockets too', async () => {
  const { app, house } = door
  const owner = await house.actor()
  const wanted = { name: 'Sam', lastName: 'Seller', email: 'cut@shop.example', role: 'USER' }
  const { id } = await app.users.create(call(owner), wanted)
  const seller = await door.as('TEST', 'USER', id)
  const peer = await connect(door.url)
  await peer.init({ apiKey: seller.key })
  const { data } = await ask(
    'mutation ($id: ID!) { deleteUser(input: { id: $id }) { user { id name } userErrors { code } } }',
    { id: encodeId('User', id) },
  )
  expect(data.deleteUser).toEqual({ user: { id: encodeId('User', id), name: 'Sam' }, userErrors: [] })
  expect((await peer.closed).code).toBe(4401)
  const { errors } = await seller('{ viewer { mode } }')
  expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
  expect(
    (await ask('query ($id: ID!) { user(by: { id: $id }) { id } }', { id: encodeId('User', id) })).data.user,
  ).toBeNull()
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_RULES } from '../../src/sandbox/fault-rules.ts'
import { openApp } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'

/** What a user sees who lets something go wrong on purpose. */

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
})
afterAll(() => door.close())

const INJECT = `mutation ($kind: FaultKind!, $operation: String) {
  injectFault(input: { provider: QBITFLOW, kind: $kind, operation: $operation }) { fault { id kind times } userErrors { code } }
}`
const CREATE = `mutation { createCheckout(input: {
  kind: PAYMENT, idempotencyKey: "order-1",
  item: { name: "A mug", description: "Blue", price: { amount: "19.99", currency: "USD" } }
}) { checkout { id status url } replayed userErrors { code ... on ProviderRefusal { retryable } } } }`
const READ = 'query ($id: ID!) { checkout(by: { id: $id }) { status url timeline { type } } }'
const FAULTS = '{ faults(provider: QBITFLOW) { kind operation times } }'
const LATER = 'mutation { advanceTestClock(input: { by: { value: 1, unit: MINUTES } }) { userErrors { code } } }'
const CLEAR = 'mutation { clearFaults(input: { provider: QBITFLOW }) { userErrors { code } } }'

test('a checkout whose answer is lost is UNKNOWN with a problem, and OPEN a minute later', async () => {
  const operation = 'POST /transaction/session-checkout*'
  const { data: armed } = await ask(INJECT, { kind: 'LOSE_ANSWER_AFTER', operation })
  expect(armed.injectFault).toMatchObject({ fault: { kind: 'LOSE_ANSWER_AFTER', times: 1 }, userErrors: [] })
  const shown = await ask(FAULTS)
  expect(shown.data.faults).toEqual([{ kind: 'LOSE_ANSWER_AFTER', operation, times: 1 }])

  const { data, errors } = await ask(CREATE)
  expect(errors).toBeUndefined()
  const { checkout, replayed, userErrors } = data.createCheckout
  expect(checkout).toEqual({ id: checkout.id, status: 'UNKNOWN', url: null })
  expect([replayed, userErrors]).toEqual([false, [{ code: 'PROVIDER_UNAVAILABLE', retryable: true }]])
  expect((await ask(FAULTS)).data.faults).toEqual([])

  await ask(LATER)
  const { data: later } = await ask(READ, { id: checkout.id })
  expect(later.checkout).toMatchObject({ status: 'OPEN', url: expect.stringContaining('/sandbox/qbitflow/checkout/') })
  const types = later.checkout.timeline.map(({ type }: { type: string }) => type)
  expect(types).toEqual(['checkout.created', 'checkout.unknown', 'checkout.opened'])
  const again = await ask(CREATE)
  expect(again.data.createCheckout).toMatchObject({
    checkout: { id: checkout.id, status: 'OPEN', url: later.checkout.url },
    replayed: true,
    userErrors: [],
  })
})

test('what is armed is shown until it is cleared, and strikes nobody after that', async () => {
  for (const kind of ['SERVER_ERROR', 'WRONG_SIGNATURE']) await ask(INJECT, { kind })
  const kinds = async () => (await ask(FAULTS)).data.faults.map(({ kind }: { kind: string }) => kind)
  expect(await kinds()).toEqual(['SERVER_ERROR', 'WRONG_SIGNATURE'])
  expect((await ask(CLEAR)).data.clearFaults.userErrors).toEqual([])
  expect(await kinds()).toEqual([])
  const { data } = await ask(CREATE.replace('order-1', 'order-2'))
  expect(data.createCheckout).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
})

test('no pattern of one tenant holds anybody up, and none that is stored stops a start', async () => {
  const { app, house } = door
  const stars = '*'.repeat(280)
  for (const operation of ['POST /**********!', `* /${stars}!`, `POST /${'*a'.repeat(140)}!`]) {
    expect((await ask(INJECT, { kind: 'SERVER_ERROR', operation })).data.injectFault.userErrors).toEqual([])
  }
  const { tenantId } = await house.actor()
  const body = { kind: 'DELAY', operation: `* /${stars.repeat(40)}(a+)+$`, times: 9, delayMs: 60_000, drawn: 0 }
  await app.db.pool.query(
    `INSERT INTO sandbox_document (tenant_id, provider, kind, id, body) VALUES ($1, 'qbitflow', 'fault', $2, $3)`,
    [tenantId, 'stored by an older version', { id: 'stored by an older version', ...body }],
  )
  const live = await door.as('LIVE')
  const made = ask(CREATE.replace('order-1', 'order-3'))
  expect((await live('{ viewer { mode } }')).data).toEqual({ viewer: { mode: 'LIVE' } })
  expect((await made).data.createCheckout).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
  const restarted = await openApp(house.databaseUrl)
  await restarted.sandbox.runDue()
  await restarted.close()
  await ask(CLEAR)
})

test('more faults than a call can look through are refused with a reason', async () => {
  const arm = () => ask(INJECT, { kind: 'SERVER_ERROR', operation: 'GET /nothing' })
  for (let armed = 0; armed < MAX_RULES; armed += 1) {
    expect((await arm()).data.injectFault.userErrors).toEqual([])
  }
  const { data, errors } = await arm()
  expect([errors, data.injectFault]).toEqual([undefined, { fault: null, userErrors: [{ code: expect.any(String) }] }])
  await ask(CLEAR)
  expect((await arm()).data.injectFault.userErrors).toEqual([])
  await ask(CLEAR)
})

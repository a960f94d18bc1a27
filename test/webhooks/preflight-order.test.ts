import { describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { answering, api, ask, door, hook, pay, receiver, setStage, source } from './preflight-stage.ts'

setStage()

const paths = () => receiver.heard.map(({ path }) => path)

describe('hooks', () => {
  test('are asked in the order of their making, and the second not after a refusal', async () => {
    await hook('/first')
    await hook('/second')
    expect((await pay()).userErrors).toEqual([])
    expect(paths()).toEqual(['/first', '/second'])
    receiver.answer = ({ path }, outgoing) => outgoing.writeHead(path === '/first' ? 403 : 200).end()
    expect((await pay()).userErrors).toMatchObject([{ status: 403 }])
    expect(paths()).toEqual(['/first', '/second', '/first'])
  })

  test('are not asked by a repeat, and once by many at the same moment', async () => {
    await hook()
    const idempotencyKey = newId()
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay({ idempotencyKey })))
    const again = await pay({ idempotencyKey })
    expect(new Set([...answers, again].map(({ object }) => object.id)).size).toBe(1)
    expect(again.replayed).toBe(true)
    expect(paths()).toEqual(['/first'])
  })

  test('are asked before every mutation that moves money, and before no other', async () => {
    await hook()
    receiver.answer = answering(402)
    const { data } = await ask(`mutation {
      createAccount(input: { kind: CLIENT, currency: "USD" }) { account { id } }
      fundAccount(input: { accountId: "${source}", total: { amount: "1", currency: "USD" }, idempotencyKey: "f" }) { userErrors { code } }
      createCheckout(input: { kind: PAYMENT, item: { name: "A mug", description: "Blue", price: { amount: "1", currency: "USD" } }, idempotencyKey: "c" }) { checkout { id } userErrors { code } }
    }`)
    expect(data.createAccount.account.id).toMatch(/^acct_/)
    expect(data.fundAccount.userErrors).toEqual([{ code: 'PREFLIGHT_REFUSED' }])
    expect(data.createCheckout).toEqual({ checkout: null, userErrors: [{ code: 'PREFLIGHT_REFUSED' }] })
    expect(receiver.heard.map(({ body }) => JSON.parse(body).operation)).toEqual(['fundAccount', 'createCheckout'])
  })

  test('that are switched off or of another tenant are not asked', async () => {
    const { id } = await hook()
    receiver.answer = answering(402)
    const live = await door.as('LIVE')
    expect((await pay({}, live)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
    await api.done(api.change('updateWebhookEndpoint', 'webhookEndpoint', { id, active: false }))
    expect((await pay()).userErrors).toEqual([])
    expect(receiver.heard).toEqual([])
  })
})

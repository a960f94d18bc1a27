import type { ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { decodeId, encodeId, newId } from '../../src/kernel/id.ts'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { preflightService } from '../../src/webhooks/preflight.ts'
import { usd } from '../graphql/ledger-api.ts'
import { call, SECRET_KEY } from '../support/app.ts'
import { type Heard, openReceiver } from '../support/receiver.ts'
import { refusals } from '../support/shop.ts'
import {
  answering,
  api,
  ask,
  destination,
  door,
  hook,
  hooks,
  pay,
  receiver,
  setStage,
  source,
} from './preflight-stage.ts'

setStage()

const paths = () => receiver.heard.map(({ path }) => path)
const balance = async () => (await api.see(source, 'balance { amount }')).balance.amount

describe('a hook that refuses', () => {
  test.each([400, 401, 402, 403, 412, 422, 429])('with %i refuses with that, and no money moves', async (status) => {
    const { id } = await hook()
    receiver.answer = answering(status, JSON.stringify({ message: 'The buyer is on a list' }))
    const before = await balance()
    const refused = await pay()
    expect(refused).toMatchObject({ object: null, replayed: false })
    expect(refused.userErrors).toEqual([
      {
        __typename: 'PreflightRefusal',
        code: 'PREFLIGHT_REFUSED',
        message: 'The buyer is on a list',
        field: null,
        status,
        retryable: false,
        endpointId: id,
      },
    ])
    expect(await balance()).toBe(before)
  })

  test('is not asked again under the same key: its answer stands', async () => {
    await hook()
    receiver.answer = answering(402)
    const idempotencyKey = newId()
    const first = await pay({ idempotencyKey })
    receiver.answer = answering(200)
    expect(await pay({ idempotencyKey })).toEqual({ ...first, replayed: true })
    expect(paths()).toEqual(['/first'])
  })

  test('says nothing through us but a short message without markup', async () => {
    await hook()
    const messageFor = async (body: string) => {
      receiver.answer = answering(422, body, { 'content-type': 'text/html' })
      return (await pay()).userErrors[0].message
    }
    const ours = 'A pre-flight hook refused with status 422'
    expect(await messageFor('<html><body>Boom at line 3</body></html>')).toBe(ours)
    for (const body of [
      '',
      'null',
      '"text"',
      '{"message":{}}',
      '{"message":"  "}',
      `{"message":"${'x'.repeat(20_000)}`,
    ]) {
      expect(await messageFor(body)).toBe(ours)
    }
    expect(await messageFor(JSON.stringify({ message: '<b onclick="x">No\n\u0000</b>' }))).toBe(
      '&lt;b onclick="x"&gt;No &lt;/b&gt;',
    )
    expect(await messageFor(JSON.stringify({ message: '<'.repeat(9_000) }))).toHaveLength(500)
  })
})

describe('a hook that gives no usable answer', () => {
  test.each([
    ['is broken', answering(500)],
    ['is overloaded', answering(503)],
    ['sends on with 302', answering(302, '', { location: '/elsewhere' })],
    ['sends on to nowhere', answering(307)],
    ['sends on in a circle', answering(308, '', { location: '/first' })],
    ['hangs up', (_heard: Heard, outgoing: ServerResponse) => outgoing.destroy()],
    ['answers with less than HTTP', (_heard: Heard, outgoing: ServerResponse) => outgoing.socket?.end('hello\r\n\r\n')],
  ])('because it %s refuses for the moment, and the same key passes later', async (_why, answer) => {
    const { id } = await hook()
    receiver.answer = answer
    const idempotencyKey = newId()
    const before = await balance()
    for (const _ of [1, 2]) {
      const refused = await pay({ idempotencyKey })
      expect(refused).toMatchObject({ object: null, replayed: false })
      expect(refused.userErrors).toMatchObject([
        { code: 'PRECONDITION_FAILED', status: 412, retryable: true, endpointId: id },
      ])
    }
    expect(await balance()).toBe(before)
    receiver.answer = answering(200)
    expect(await pay({ idempotencyKey })).toMatchObject({ replayed: false, userErrors: [] })
    expect(paths()).not.toContain('/elsewhere')
  })

  test('because nobody listens refuses for the moment', async () => {
    const gone = await openReceiver()
    await gone.close()
    await hook('', gone.url)
    expect((await pay()).userErrors).toMatchObject([{ code: 'PRECONDITION_FAILED', status: 412, retryable: true }])
  })

  test('because it is not on the public network, or sends on from there, refuses for the moment', async () => {
    receiver.answer = answering(307, '', { location: 'http://169.254.169.254/latest/meta-data' })
    await hook()
    await hook()
    const [first, second] = hooks
    // A name may come to stand for another address after it was taken.
    const where = { id: decodeId(second?.id ?? '')?.uuid }
    await door.app.db.prisma.webhookEndpoint.updateMany({ where, data: { url: 'http://10.1.2.3/in' } })
    expect((await pay()).userErrors).toMatchObject([{ code: 'PRECONDITION_FAILED', endpointId: first?.id }])
    receiver.answer = answering(204)
    expect((await pay()).userErrors).toMatchObject([{ code: 'PRECONDITION_FAILED', endpointId: second?.id }])
  })

  test('in time refuses for the moment, however slowly it begins to', async () => {
    await hook()
    const { db, clock, idempotency, log } = door.app
    const preflight = preflightService({
      db,
      clock,
      secretKey: SECRET_KEY,
      fetch: guardedFetch({ allowLoopback: true }),
      isAnswered: idempotency.isAnswered,
      log,
      patienceMs: 150,
    })
    const actor = await door.house.actor()
    receiver.answer = () => {}
    expect(await refusals(preflight.ask(call(actor, 'slow'), {}))).toEqual(['PRECONDITION_FAILED'])
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(200, { 'content-length': '100' }).write('{')
    expect(await refusals(preflight.ask(call(actor, 'slow'), {}))).toEqual(['PRECONDITION_FAILED'])
    receiver.answer = answering(204)
    await preflight.ask(call(actor, 'slow'), {})
  })
})

describe('a hook that sends on', () => {
  test('in live mode is followed to https alone', async () => {
    const live = await door.house.actor('LIVE')
    const { db, clock, idempotency, log, webhooks } = door.app
    const { id } = await webhooks.create(call(live), { url: 'https://shop.example/hook', kind: 'PREFLIGHT' })
    const outside = guardedFetch({ allowLoopback: true })
    const preflight = preflightService({
      db,
      clock,
      secretKey: SECRET_KEY,
      // The hook itself, which no test can give a certificate that the world trusts.
      fetch: async (url, request) =>
        url.startsWith('https://shop.example')
          ? { status: 307, headers: new Headers({ location: `${receiver.url}/plain` }), body: Buffer.alloc(0) }
          : outside(url, request),
      isAnswered: idempotency.isAnswered,
      log,
    })
    expect(await refusals(preflight.ask(call({ ...live, preflight: true }), {}))).toEqual(['PRECONDITION_FAILED'])
    expect(receiver.heard).toEqual([])
    await webhooks.remove(call(live), { id: encodeId('WebhookEndpoint', id) })
  })

  test.each([301, 307, 308])('with %i is followed with the same question', async (status) => {
    await hook()
    receiver.answer = ({ path }, outgoing) =>
      path === '/first' ? outgoing.writeHead(status, { location: '/second' }).end() : outgoing.writeHead(402).end()
    expect((await pay()).userErrors).toMatchObject([{ code: 'PREFLIGHT_REFUSED', status: 402 }])
    expect(paths()).toEqual(['/first', '/second'])
    const [first, second] = receiver.heard
    expect(second).toMatchObject({ method: 'POST', body: first?.body })
  })
})

describe('what a hook is asked', () => {
  test('is the request with all that is known of it, and verifies with its secret', async () => {
    const { secret } = await hook()
    const idempotencyKey = newId()
    await pay({ idempotencyKey, metadata: { order: 'A-1' } })
    const [heard] = receiver.heard
    const asked = new Webhook(secret).verify(heard?.body ?? '', heard?.headers as Record<string, string>)
    const { data } = await ask('{ viewer { apiKey { id } organization { id } } }')
    expect(asked).toEqual({
      id: heard?.headers['webhook-id'],
      type: 'preflight',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      operation: 'createTransaction',
      input: {
        accountId: source,
        total: usd('1'),
        charges: [{ destinationId: destination, subtotal: usd('1') }],
        metadata: { order: 'A-1' },
      },
      idempotencyKey,
      actor: { apiKey: data.viewer.apiKey.id, role: 'OWNER', user: null },
      organization: data.viewer.organization.id,
      mode: 'TEST',
      requestId: expect.any(String),
    })
  })

  test('verifies with either secret on the day of a rotation', async () => {
    const { id, secret } = await hook()
    const rotated = await ask(
      `mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id }) { secret userErrors { message } } }`,
      { id },
    )
    await pay()
    const [heard] = receiver.heard
    for (const each of [secret, rotated.data.rotateWebhookSecret.secret]) {
      new Webhook(each).verify(heard?.body ?? '', heard?.headers as Record<string, string>)
    }
  })
})

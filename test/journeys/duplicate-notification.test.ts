import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { createCheckout, readCheckout, recipesOf, simulate, statesOf } from '../support/storefront.ts'

/** A genuine notification, kept back by the test on its way from the provider to the gateway. */
interface Notification {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

let gateway: OpenGateway
let post: Awaited<ReturnType<typeof openPostOffice>>

beforeAll(async () => {
  ;[gateway, post] = await Promise.all([startGateway(), openPostOffice()])
})

afterAll(async () => {
  await post?.close()
  await gateway?.stop()
})

test('notifications three times and out of order settle one payment with one posting', async () => {
  const { api } = gateway
  const { id, inbox, notifications } = await paidInSilence()
  const [created, waiting, completed] = notifications as [Notification, Notification, Notification]
  expect((await readCheckout(api, id)).status).toBe('OPEN')

  expect(await Promise.all([completed, completed, completed].map((each) => deliver(inbox, each)))).toEqual([
    200, 200, 200,
  ])
  await eventually(async () => (await readCheckout(api, id)).status === 'COMPLETED')
  for (const late of [waiting, created, completed, waiting, created, waiting, created]) {
    expect(await deliver(inbox, late)).toBe(200)
  }

  await expectAllSettled(gateway)
  const paid = await readCheckout(api, id)
  expect(paid).toMatchObject({ status: 'COMPLETED', payment: { status: 'COMPLETED', amount: { amount: '19.99' } } })
  expect(recipesOf(paid)).toEqual(['paymentSettled'])
  expect(statesOf(paid)).toEqual(['COMPLETED'])
})

test('a forged notification is answered 4xx and logged, and moves nothing', async () => {
  const { api } = gateway
  const { id, inbox, notifications } = await paidInSilence()
  const genuine = notifications.at(-1) as Notification
  const signature = genuine.headers['x-webhook-signature-256'] ?? ''
  const forged = { ...genuine.headers, 'x-webhook-signature-256': flipped(signature), 'x-request-id': 'forged-one' }

  expect(await deliver(inbox, { ...genuine, headers: forged })).toBe(400)
  expect(await deliver(inbox, { ...genuine, body: genuine.body.replace('19.99', '0.01') })).toBe(400)
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      msg: 'a webhook from a provider with an invalid signature was refused',
      requestId: 'forged-one',
    }),
  )
  expect(
    await look(gateway.databaseUrl, 'SELECT 1 FROM inbox_message WHERE body LIKE $1', [`%${sessionOf(genuine)}%`]),
  ).toEqual([])
  expect((await readCheckout(api, id)).status).toBe('OPEN')

  expect(await deliver(inbox, genuine)).toBe(200)
  await eventually(async () => (await readCheckout(api, id)).status === 'COMPLETED')
  await expectAllSettled(gateway)
})

/** A checkout that was paid at the provider, of which the gateway has not heard yet. */
async function paidInSilence() {
  const { api, databaseUrl } = gateway
  const { checkout } = await createCheckout(api)
  const session = checkout.url.slice(checkout.url.lastIndexOf('/') + 1)
  const [{ inbox } = { inbox: '' }] = await look<{ inbox: string }>(
    databaseUrl,
    `UPDATE sandbox_document SET body = jsonb_set(body, '{webhookUrl}', to_jsonb($2::text))
     FROM (SELECT body ->> 'webhookUrl' AS inbox FROM sandbox_document WHERE kind = 'session' AND id = $1) before
     WHERE kind = 'session' AND id = $1 RETURNING inbox`,
    [session, post.url],
  )
  await simulate(api, checkout.id, 'PAY')
  const notifications = await eventually(async () => {
    const its = post.kept.filter((each) => sessionOf(each) === session)
    return its.length === 3 && its
  })
  return { id: checkout.id, inbox, notifications }
}

function sessionOf({ body }: Notification): string {
  return String(JSON.parse(body).uuid).replace('pay@', '')
}

async function deliver(inbox: string, { headers, body }: Notification): Promise<number> {
  const { status } = await fetch(inbox, { method: 'POST', headers, body })
  return status
}

function flipped(signature: string): string {
  return signature.slice(0, -1) + (signature.endsWith('0') ? '1' : '0')
}

/** Takes notifications in and keeps them. */
async function openPostOffice() {
  const kept: Notification[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const named = Object.entries(request.headers).filter(([name]) => /^(content-type|x-webhook-.*)$/.test(name))
    kept.push({ headers: Object.fromEntries(named) as Record<string, string>, body: String(Buffer.concat(chunks)) })
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    kept,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

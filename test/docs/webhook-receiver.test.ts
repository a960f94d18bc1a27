import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openReceiver } from '../support/receiver.ts'
import { MANUAL, ROOT, snippetsIn } from './manual.ts'

/** The manual's own receiver of webhooks. */
const SNIPPET = snippetsIn(MANUAL, 'js').find(({ text }) => text.includes('standardwebhooks'))?.text ?? ''

const CREATE = `mutation ($url: String!) { createWebhookEndpoint(input: { kind: EVENT, url: $url }) { webhookEndpoint { id } secret } }`
const CUSTOMER = `mutation { createCustomer(input: { name: "Ada", email: "ada@example.com" }) { userErrors { message } } }`

interface Created {
  readonly createWebhookEndpoint: { readonly secret: string }
}

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

/** A port that nobody uses, or did a moment ago. */
async function freePort(): Promise<number> {
  const receiver = await openReceiver()
  await receiver.close()
  return receiver.port
}

async function answerTo(url: string): Promise<number | undefined> {
  const response = await fetch(url, { method: 'POST', body: '{}' }).catch(() => undefined)
  return response?.status
}

test("the manual's receiver of webhooks verifies what the gateway sends, and refuses what it did not send", async () => {
  const port = await freePort()
  const url = `http://localhost:${port}/`
  const { createWebhookEndpoint } = await gateway.api.ask<Created>(CREATE, { url })
  expect(SNIPPET).toContain('listen(3000)')
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SNIPPET.replace('3000', String(port))], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: createWebhookEndpoint.secret },
  })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  try {
    await expect.poll(() => answerTo(url), { timeout: 20_000 }).toBe(401)
    await gateway.api.ask(CUSTOMER)
    await expect.poll(() => printed, { timeout: 20_000 }).toContain('customer.created')
    const deliveries = '{ webhookDeliveries(first: 1) { edges { node { status } } } }'
    await expect
      .poll(() => gateway.api.ask(deliveries), { timeout: 20_000 })
      .toEqual({ webhookDeliveries: { edges: [{ node: { status: 'DELIVERED' } }] } })
  } finally {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  }
})

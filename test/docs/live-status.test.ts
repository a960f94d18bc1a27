import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout, simulate } from '../support/storefront.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { MANUAL, ROOT, snippetsIn } from './manual.ts'

/** The manual's own program that watches a checkout. */
const SNIPPET = snippetsIn(MANUAL, 'js').find(({ text }) => text.includes('transactionStatus'))?.text

let gateway: OpenGateway
let proxy: TcpProxy

beforeAll(async () => {
  gateway = await startGateway()
  proxy = await openProxy(gateway.url)
})

afterAll(async () => {
  await proxy.close()
  await gateway.stop()
})

/** Runs the snippet as somebody who has pasted it, with nothing but the address of the gateway changed. */
function paste({ checkoutId, clientSecret }: { checkoutId: string; clientSecret: string }) {
  const address = 'ws://localhost:4000/graphql'
  expect(SNIPPET).toContain(address)
  const code = `const checkoutId = '${checkoutId}', clientSecret = '${clientSecret}'
    ${SNIPPET?.replace(address, `${proxy.url.replace('http', 'ws')}graphql`)}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT })
  const printed = { out: '', errors: '' }
  child.stdout.on('data', (chunk) => {
    printed.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.errors += chunk
  })
  return { printed, ended: once(child, 'exit').then(([code]) => code) }
}

const PATIENCE = { timeout: 15_000 }
const FINAL = 'query ($id: ID!) { transactionStatus(id: $id) { final } }'

describe("the manual's program that watches a checkout", { timeout: 60_000 }, () => {
  test('shows every change exactly once over a connection that is cut midway, and ends after the last', async () => {
    const { checkout } = await createCheckout(gateway.api)
    const before = proxy.served()
    const { printed, ended } = paste({ checkoutId: checkout.id, clientSecret: checkout.clientSecret })
    await expect.poll(() => proxy.served(), PATIENCE).toBe(before + 1)
    await simulate(gateway.api, checkout.id, 'PAY')
    await expect.poll(() => printed.out, PATIENCE).toContain('CREATED')
    proxy.breakOff()
    const status = () => gateway.api.ask(FINAL, { id: checkout.id })
    await expect.poll(status, PATIENCE).toEqual({ transactionStatus: { final: true } })
    expect(await ended).toBe(0)
    expect(printed).toEqual({ out: 'CREATED\nWAITING_CONFIRMATION\nCOMPLETED\n', errors: '' })
    expect(proxy.served()).toBeGreaterThan(before + 1)
  })

  test('comes back where it is cut before the first change', async () => {
    const { checkout } = await createCheckout(gateway.api)
    const before = proxy.served()
    const { printed, ended } = paste({ checkoutId: checkout.id, clientSecret: checkout.clientSecret })
    await expect.poll(() => proxy.served(), PATIENCE).toBe(before + 1)
    proxy.breakOff()
    await expect.poll(() => proxy.served(), PATIENCE).toBeGreaterThan(before + 1)
    await simulate(gateway.api, checkout.id, 'PAY')
    expect(await ended).toBe(0)
    const states = printed.out.trim().split('\n')
    expect(states.at(-1)).toBe('COMPLETED')
    expect(new Set(states).size).toBe(states.length)
  })

  test('gives up at once on a wrong secret, and says why', async () => {
    const { checkout } = await createCheckout(gateway.api)
    const before = proxy.served()
    const { printed, ended } = paste({ checkoutId: checkout.id, clientSecret: `${checkout.clientSecret}x` })
    await ended
    expect(printed.out).toBe('')
    expect(printed.errors).toContain('4401')
    expect(proxy.served()).toBe(before + 1)
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Door, openDoor } from '../graphql/door.ts'
import { ledgerApi } from '../graphql/ledger-api.ts'
import { qbitflowOf } from '../support/app.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { type Wire, wireToHost } from '../support/wire.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let wire: Wire
let receiver: Receiver
let input: { readonly credentials: Readonly<Record<string, string>> }
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  receiver = await openReceiver()
  const { tenantId } = await door.house.actor()
  wire = await wireToHost(door.house, tenantId)
  const { baseUrl } = await door.app.db.prisma.providerConnection.findFirstOrThrow({ where: { tenantId } })
  const { apiKey, webhookSecret } = await qbitflowOf(door.app).provision(tenantId)
  const wanted = { provider: 'QBITFLOW', credentials: { apiKey, webhookSecret }, baseUrl, idempotencyKey: 'own' }
  input = wanted
})
afterAll(async () => {
  await wire.close()
  await receiver.close()
  await door.close()
})

const CONNECT = `mutation ($input: ConnectProviderInput!) {
  connectProvider(input: $input) { connection { provider baseUrl } userErrors { code field message } replayed }
}`

/** The tables in which a row of any column, also of bytes, has one of the words. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const { pool } = door.app.db
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  const spelled = words.flatMap((word) => [
    word,
    Buffer.from(word).toString('hex'),
    Buffer.from(word).toString('base64'),
  ])
  const found: string[] = []
  for (const { name } of rows) {
    const text = `SELECT 1 FROM "${name}" t WHERE EXISTS (SELECT FROM unnest($1::text[]) w WHERE strpos(t::text, w) > 0) LIMIT 1`
    if ((await pool.query(text, [spelled])).rowCount) found.push(name)
  }
  return found
}

test('credentials of a provider are kept in no table and told to no pre-flight hook, taken or refused', async () => {
  const ledger = ledgerApi(ask)
  const hook = { url: `${receiver.url}/may-i`, kind: 'PREFLIGHT' }
  await ledger.done(ledger.change('createWebhookEndpoint', 'webhookEndpoint', hook))
  const listener = { url: `${receiver.url}/events`, kind: 'EVENT' }
  await ledger.done(ledger.change('createWebhookEndpoint', 'webhookEndpoint', listener))

  const { data, errors } = await ask(CONNECT, { input })
  expect(errors).toBeUndefined()
  expect(data.connectProvider).toMatchObject({ userErrors: [], replayed: false })
  const secrets = Object.values(input.credentials)
  const wrong = { ...input.credentials, surplus: 'whsec_surplus' }
  const refused = await ask(CONNECT, { input: { ...input, credentials: wrong, idempotencyKey: 'surplus' } })
  expect(refused.data.connectProvider).toMatchObject({ connection: null, userErrors: [{ code: 'INVALID' }] })

  await door.app.webhooks.deliverDue()
  await door.app.webhooks.idle()
  expect(receiver.heard.map(({ path }) => path)).toContain('/events')
  expect(receiver.heard.filter(({ path }) => path === '/may-i')).toEqual([])
  for (const secret of [...secrets, 'whsec_surplus']) {
    expect(JSON.stringify([data, refused.data, receiver.heard])).not.toContain(secret)
    expect(await tablesWith([secret]), secret.slice(0, 6)).toEqual([])
  }
  // The search finds what is there.
  expect(await tablesWith(['/may-i'])).toEqual(expect.arrayContaining(['webhook_endpoint']))
  expect(await door.app.db.prisma.idempotencyRecord.count({ where: { operation: 'connectProvider' } })).toBe(2)

  // Hooks do hear of what money moves by.
  const account = await ledger.account()
  await ledger.fund(account, '1')
  expect(receiver.heard.filter(({ path }) => path === '/may-i')).toHaveLength(1)
})

test('a connection that was made is answered again while the provider is down, and none with other credentials', async () => {
  wire.fault = () => ({ status: 503 })
  const { data } = await ask(CONNECT, { input })
  expect(data.connectProvider).toMatchObject({ connection: { provider: 'QBITFLOW' }, userErrors: [], replayed: true })
  const others = { ...input, credentials: { apiKey: 'sk_1_test_other', webhookSecret: 'whsec_other' } }
  const reused = await ask(CONNECT, { input: others })
  expect(reused.data.connectProvider.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }])
  const anew = await ask(CONNECT, { input: { ...others, idempotencyKey: 'anew' } })
  expect(anew.data.connectProvider.userErrors).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
  wire.fault = undefined
})

import { describe, expect, test } from 'vitest'
import { normalText } from '../../src/kernel/input.ts'
import { CREATE, create, gateway, post, problemsOf, setStage } from './input-stage.ts'

setStage()

const deep = (levels: number) => `${'[['.repeat(levels / 2)}${']]'.repeat(levels / 2)}`
const DEEP = 'must not be nested more than 32 levels deep'

describe('JSON that is nested 5,000 levels deep', () => {
  test('is a userError in metadata and in credentials', async () => {
    expect(await problemsOf(`{"name":"Ada","metadata":{"a":${deep(5_000)}}}`)).toEqual([
      { code: 'INVALID', message: DEEP, field: ['metadata'] },
    ])
    const connect = `mutation ($input: ConnectProviderInput!) { connectProvider(input: $input) { userErrors { message field } } }`
    const variables = `{"input":{"provider":"QBITFLOW","credentials":{"apiKey":${deep(5_000)}}}}`
    const { body } = await post('/graphql', `{"query":${JSON.stringify(connect)},"variables":${variables}}`)
    expect(body.data.connectProvider.userErrors).toEqual([{ message: DEEP, field: ['credentials'] }])
  })

  test('is told of by verifyWebhook, an inbox and a simulator, each in its own way', async () => {
    const verify = `mutation ($payload: String!) { verifyWebhook(input: { payload: $payload, signature: "sha256=0", timestamp: "${Math.floor(Date.now() / 1_000)}" }) { verified reason userErrors { message } } }`
    const { body } = await post('/graphql', JSON.stringify({ query: verify, variables: { payload: deep(5_000) } }))
    expect(body.data.verifyWebhook).toEqual({ verified: false, reason: `the body ${DEEP}`, userErrors: [] })

    const { providers } = await gateway.api.ask<{
      providers: { sandbox: { credentials: { apiKey: string } } | null }[]
    }>('{ providers { sandbox { credentials } } }')
    const apiKey = providers.find(({ sandbox }) => sandbox)?.sandbox?.credentials.apiKey ?? ''
    const simulator = await post('/sandbox/qbitflow/v1/customer/', `{"name":${deep(5_000)}}`, { 'x-api-key': apiKey })
    expect(simulator.status).toBe(400)
    const payload = { payload: deep(5_000), receivedSignature: 'sha256=00', receivedTimestamp: '0' }
    const webhook = await post('/sandbox/qbitflow/v1/webhooks/verify', JSON.stringify(payload), { 'x-api-key': apiKey })
    expect([webhook.status, JSON.stringify(webhook.body)]).toEqual([400, expect.stringContaining(DEEP)])
  })

  test('is refused as a variable that no input takes', async () => {
    const { status, body } = await post(
      '/graphql',
      `{"query":"query ($a: JSON) { viewer { mode } }","variables":{"a":${deep(5_000)}}}`,
    )
    expect(JSON.stringify(body)).not.toMatch(/INTERNAL|RangeError/)
    expect(status).toBeLessThan(500)
  })
})

describe('text that cannot be kept', () => {
  const body = (name: string) => `{"query":${JSON.stringify(CREATE)},"variables":{"input":{"name":"${name}"}}}`

  test('as invalid UTF-8 is 400 at every door, and nothing is made of it', async () => {
    const invalid = Buffer.concat([Buffer.from(body('A').slice(0, -5)), Buffer.from([0xc3, 0x28]), Buffer.from('"}}}')])
    const { status, body: answer } = await post('/graphql', invalid)
    expect([status, answer.errors?.[0]?.message]).toEqual([400, 'The body must be UTF-8'])
    const chunked = await post('/graphql', invalid, { 'transfer-encoding': 'chunked' })
    expect(chunked.status).toBe(400)
    const simulator = await post('/sandbox/qbitflow/v1/customer/', invalid, { 'x-api-key': 'any' })
    expect([simulator.status, simulator.body.error]).toEqual([400, 'the request body must be UTF-8'])
    const inbox = await post(`/inbox/qbitflow/${crypto.randomUUID()}`, invalid)
    expect([inbox.status, inbox.body.error.message]).toEqual([400, 'A notification must be UTF-8.'])
  })

  test.each([
    'application/json; charset=iso-8859-1',
    'application/json;charset="utf-16"',
    'application/json; charset=windows-1252',
  ])('as %s is 415', async (type) => {
    expect((await post('/graphql', body('A'), { 'content-type': type })).status).toBe(415)
    expect((await post('/sandbox/qbitflow/v1/customer/', '{}', { 'content-type': type })).status).toBe(415)
  })

  test.each(['application/json; charset=UTF-8', 'application/json;charset="utf8"', 'application/json'])(
    'as %s is taken',
    async (type) => {
      expect((await post('/graphql', body('Zoë'), { 'content-type': type })).status).toBe(200)
    },
  )

  test.each([
    ['a NUL', '\\u0000'],
    ['half of a surrogate pair', '\\ud800'],
  ])('with %s is a userError of a mutation and BAD_USER_INPUT of a query', async (_, bad) => {
    const message = 'must not contain a NUL character or half of a surrogate pair'
    expect(await problemsOf(`{"name":"A${bad}"}`)).toEqual([{ code: 'INVALID', message, field: ['name'] }])
    expect(await problemsOf(`{"name":"Ada","idempotencyKey":"k${bad}"}`)).toMatchObject([{ field: ['idempotencyKey'] }])
    for (const query of [
      'query ($e: String!) { customer(by: { email: $e }) { id } }',
      'query ($e: String!) { customers(filter: { search: $e }) { totalCount } }',
    ]) {
      const { body } = await post('/graphql', `{"query":${JSON.stringify(query)},"variables":{"e":"x${bad}"}}`)
      expect(body.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
    }
  })

  test('with a NUL in the document itself is BAD_USER_INPUT', async () => {
    const query = String.raw`{ customers(filter: { search: "x\u0000" }) { totalCount } }`
    const { body } = await post('/graphql', JSON.stringify({ query }))
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })
})

describe('a row of marks on one letter', () => {
  // In one spelling of them each is compared with all others: a request of 120 kB would keep every tenant waiting.
  const marks = (count: number) => `a${'\u0345'.repeat(count)}${'\u0334'.repeat(count)}`

  test('is left as it is by what brings text into one spelling', () => {
    expect(normalText(marks(30_000)) === marks(30_000)).toBe(true)
    expect(normalText(`e\u0301${'x'.repeat(1_000)}`)).toBe(`\u00e9${'x'.repeat(1_000)}`)
  })

  test('is refused where no language writes so many, and kept where one might', async () => {
    const rule = 'must not have more than 30 accents or other marks on one letter'
    expect(await problemsOf(`{"name":"${marks(20)}"}`)).toEqual([{ code: 'INVALID', message: rule, field: ['name'] }])
    const { body } = await create(`{"name":"${marks(10)}"}`)
    expect(body.data.createCustomer.userErrors).toEqual([])
  })

  test('finds nothing, and is too long under an idempotency key as elsewhere', async () => {
    const query =
      'query ($text: String!) { customer(by: { reference: $text }) { id } product(by: { reference: $text }) { id } }'
    const { body } = await post('/graphql', JSON.stringify({ query, variables: { text: marks(10_000) } }))
    expect(JSON.stringify(body)).not.toMatch(/INTERNAL/)
    expect(await problemsOf(`{"idempotencyKey":"row of marks","name":"${marks(10_000)}"}`)).toMatchObject([
      { code: 'TOO_LONG', field: ['name'] },
    ])
  })
})

test('metadata under a key that would be lost is refused', async () => {
  expect(await problemsOf('{"name":"Ada","metadata":{"__proto__":"x","b":1}}')).toEqual([
    { code: 'INVALID', message: 'must not have the key __proto__', field: ['metadata'] },
  ])
  const { body } = await create('{"name":"Ada","metadata":{"constructor":"x","toString":1}}')
  expect(body.data.createCustomer.customer.metadata).toEqual({ constructor: 'x', toString: 1 })
})

describe('a moment that does not exist', () => {
  test.each([
    [
      'createApiKey',
      'mutation { createApiKey(input: { name: "n", role: OWNER, expiresAt: "2028-02-30T00:00:00Z" }) { userErrors { message } } }',
    ],
    [
      'advanceTestClock',
      'mutation { advanceTestClock(input: { to: "2027-04-31T00:00:00Z" }) { userErrors { message } } }',
    ],
    ['a filter', '{ payments(filter: { createdFrom: "2027-02-29T00:00:00Z" }) { totalCount } }'],
  ])('is refused by %s', async (_, query) => {
    const { body } = await post('/graphql', JSON.stringify({ query }))
    expect(body.errors[0].message).toMatch(/must be a moment that exists/)
  })

  test('is refused by an export', async () => {
    const response = await fetch(`${gateway.url}/exports/accounting?from=2026-02-30&to=2026-03-01&format=csv`, {
      headers: { authorization: `Bearer ${gateway.key}` },
    })
    expect(response.status).toBe(400)
  })
})

describe('one person', () => {
  test('has one address, however it is written', async () => {
    const first = await create('{"name":"Zoë","email":"Info@MÜller.example"}')
    expect(first.body.data.createCustomer.customer.email).toBe('Info@Müller.example')
    for (const again of [
      'INFO@müller.example',
      'info@mu\\u0308ller.example',
      ' info@müller.example\\u200b',
      '\\ufeffinfo@müller.example',
    ]) {
      expect(await problemsOf(`{"name":"Zoë","email":"${again}"}`)).toMatchObject([{ code: 'ALREADY_EXISTS' }])
    }
    const { body } = await post(
      '/graphql',
      JSON.stringify({ query: '{ customer(by: { email: "INFO@mu\u0308ller.EXAMPLE" }) { name } }' }),
    )
    expect(body.data.customer.name).toBe('Zoë')
  })

  test('may have a name of one character, and is found by either spelling of it', async () => {
    for (const name of ['李', 'O', 'Zoe\\u0308 Q']) {
      expect((await create(`{"name":"${name}"}`)).body.data.createCustomer.userErrors).toEqual([])
    }
    for (const search of ['Zoë Q', 'Zoe\u0308 Q']) {
      const query = 'query ($s: String!) { customers(filter: { search: $s }) { totalCount } }'
      const { body } = await post('/graphql', JSON.stringify({ query, variables: { s: search } }))
      expect(body.data.customers.totalCount).toBe(1)
    }
  })

  test.each([
    'a@x.de>',
    'a@b..c',
    '.a@b.c',
    'a.@b.c',
    'a..b@c.de',
    'a@-b.de',
    'a@b-.de',
    'a@b.de.',
    'a@b',
    'a b@c.de',
    'a@b@c.de',
    '<a@b.de>',
    'a@1.2.3.4',
    `${'a'.repeat(65)}@b.de`,
    'a\\u200bb@c.de',
  ])('has no such address as %s', async (address) => {
    expect(await problemsOf(`{"name":"Ada","email":"${address}"}`)).toEqual([
      { code: 'INVALID', message: 'must be an e-mail address, such as ada@example.com', field: ['email'] },
    ])
  })
})

describe('a message names the rule', () => {
  test.each([
    ['{ createCurrency(input: { code: "PTS", exponent: 30 })', 'must be at most 24', 'exponent'],
    ['{ createCurrency(input: { code: "PTS", exponent: -1 })', 'must be at least 0', 'exponent'],
    [
      '{ createCurrency(input: { code: "1A", exponent: 2 })',
      'must have 2 to 12 capital letters and digits, and begin with a letter',
      'code',
    ],
    [
      '{ setRate(input: { from: "USD", to: "EUR", rate: "1e400" })',
      'must be written as a decimal, such as 12.50, without an exponent',
      'rate',
    ],
    ['{ setRate(input: { from: "USD", to: "EUR", rate: "-1" })', 'must be above zero', 'rate'],
    [
      '{ createProduct(input: { name: "茶", description: "x", price: { amount: "1e400", currency: "USD" } })',
      'must be written as a decimal, such as 12.50, without an exponent',
      'amount',
    ],
    [
      '{ createProduct(input: { name: "茶", description: "x", price: { amount: "1.234", currency: "USD" } })',
      'must have at most 2 decimal places in USD',
      'amount',
    ],
    [
      '{ createProduct(input: { name: "茶", description: "x", price: { amount: "1.5", currency: "JPY" } })',
      'must be a whole number in JPY',
      'amount',
    ],
    [
      '{ createProduct(input: { name: "茶", description: "x", price: { amount: "ten", currency: "USD" } })',
      'must be a decimal, such as 12.50',
      'amount',
    ],
  ])('%s: %s', async (call, message, field) => {
    const { body } = await post(
      '/graphql',
      JSON.stringify({ query: `mutation ${call} { userErrors { message field } } }` }),
    )
    const [[, payload] = []] = Object.entries<{ userErrors: { message: string; field: string[] }[] }>(body.data ?? {})
    expect(
      payload?.userErrors.map((each) => [each.message, each.field.at(-1)]),
      JSON.stringify(body),
    ).toEqual([[message, field]])
  })
})

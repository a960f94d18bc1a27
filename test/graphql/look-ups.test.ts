import { getNullableType, isInputObjectType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { postTo } from '../support/post.ts'
import { connect } from './socket.ts'

/** Look-ups by one of several fields, whose variable turns out to be null. A document that comes again is compiled. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const LOOK_UPS = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap((field) =>
  field.args.flatMap(({ name: argument, type }) => {
    const input = getNullableType(type)
    if (!isInputObjectType(input) || !input.isOneOf) return []
    const chosen = Object.values(input.getFields())
    return chosen.map(({ name, type: of }) => ({
      field: field.name,
      argument,
      input: input.name,
      name,
      of: String(of),
    }))
  }),
)

async function ask(query: string, variables: object) {
  const { status, body } = await postTo(gateway, '/graphql', JSON.stringify({ query, variables }), {
    authorization: `Bearer ${gateway.key}`,
  })
  return { status, data: body.data, messages: (body.errors ?? []).map(({ message }: { message: string }) => message) }
}

/** More often than a document is interpreted. */
async function askThrice(query: string, variables: object) {
  const answers = []
  for (let n = 0; n < 3; n += 1) answers.push(await ask(query, variables))
  expect(answers[1]).toEqual(answers[0])
  expect(answers[2]).toEqual(answers[0])
  return answers[0]
}

test('every look-up of the schema is tried here', () => {
  expect(new Set(LOOK_UPS.map(({ field }) => field)).size).toBe(10)
})

test.each(LOOK_UPS)('$field by $name is refused in words where the variable is null or left out', async (lookUp) => {
  const { field, argument, input, name, of } = lookUp
  const query = `query ($v: ${of}) { ${field}(${argument}: { ${name}: $v }) { __typename } }`
  const stands = new RegExp(
    `^\`${argument}\` of \`${field}\` must have .*\`${name}\`.*, and not as null: the variable \\$v, which stands for \`${name}\`, `,
  )
  for (const [variables, fault] of [
    [{ v: null }, 'is null'],
    [{}, 'was not given'],
  ] as const) {
    const answer = await askThrice(query, variables)
    expect(answer).toMatchObject({ data: undefined, messages: [expect.stringMatching(stands)] })
    expect(answer?.messages[0].endsWith(fault)).toBe(true)
  }
  const whole = `query ($by: ${input}!) { ${field}(${argument}: $by) { __typename } }`
  for (const by of [{ [name]: null }, {}, { [name]: 'x', more: 'y' }]) {
    const answer = await askThrice(whole, { by })
    expect([answer?.data, answer?.messages.join()]).toEqual([undefined, expect.stringMatching(/by/)])
  }
  const found = await askThrice(query, { v: 'x' })
  expect(found).toMatchObject({ status: 200, data: { [field]: null }, messages: [] })
})

test('a look-up in a fragment, by a default that null replaces, or over a WebSocket is refused in the same way', async () => {
  const message = expect.stringMatching(/^`by` of `product` .*\$v, which stands for `reference`, is null$/)
  for (const query of [
    'query ($v: String) { ...look } fragment look on Query { product(by: { reference: $v }) { id } }',
    'query ($v: String) { ... on Query { product(by: { reference: $v }) { id } } }',
    'query ($v: String = "mug") { product(by: { reference: $v }) { id } }',
  ]) {
    expect(await askThrice(query, { v: null })).toMatchObject({ data: undefined, messages: [message] })
  }
  const peer = await connect(`${gateway.url}/graphql`)
  await peer.init({ apiKey: gateway.key })
  peer.subscribe('1', 'query ($v: String) { product(by: { reference: $v }) { id } }', { variables: { v: null } })
  expect(await peer.next()).toMatchObject({ id: '1', type: 'next', payload: { errors: [{ message }] } })
  peer.socket.terminate()
})

test('a look-up that is skipped needs no value', async () => {
  for (const [directive, on] of [
    ['@include(if: $on)', false],
    ['@skip(if: $on)', true],
  ] as const) {
    const query = `query ($v: ID, $on: Boolean!) { product(by: { id: $v }) ${directive} { id } viewer { mode } }`
    const skipped = await askThrice(query, { v: null, on })
    expect(skipped).toMatchObject({ status: 200, data: { viewer: { mode: 'TEST' } }, messages: [] })
    expect(await askThrice(query, { v: null, on: !on })).toMatchObject({
      data: undefined,
      messages: [expect.stringMatching(/is null$/)],
    })
  }
})

test('a default stands for a variable that was left out', async () => {
  const query = 'query ($v: String = "mug") { product(by: { reference: $v }) { id } }'
  expect(await askThrice(query, {})).toMatchObject({ status: 200, data: { product: null }, messages: [] })
})
